import type { GenerateChunk, GenerateStats, SavedSession } from '@pocketbit/engine';
import type { GenerateEvent, JobCommand } from '../protocol.ts';

import { errorOf } from './wire.ts';

export interface GenerateResult {
  text: string;
  ids: number[];
  stats: GenerateStats;
}

/**
 * A running answer. Iterate it for chunks as they come; leaving the loop stops the model within one token. An abort
 * signal ends the loop without an error, with `stopReason: 'aborted'`. Failures reject with a PocketbitError.
 */
export interface GenerateStream extends AsyncIterable<GenerateChunk> {
  /** The whole answer, once it is over; works without iterating. */
  readonly result: Promise<GenerateResult>;
  /** Counts and times, once it is over. */
  readonly stats: GenerateStats | undefined;
  /**
   * The latest point from which `model.restore` can go on with this answer, to the same tokens: from before the first
   * token on, renewed every 16 tokens and at the end. It outlives a crash; stored in a database it outlives the page.
   */
  readonly session: SavedSession | null;
}

/** The page's end of the token port. */
export class TokenStream implements GenerateStream {
  readonly result: Promise<GenerateResult>;
  stats: GenerateStats | undefined;
  session: SavedSession | null = null;
  readonly #port: MessagePort;
  readonly #queue: GenerateChunk[] = [];
  readonly #all: GenerateChunk[] = [];
  #over = false;
  #stopping = false;
  #dropped = false;
  #resolve!: (result: GenerateResult) => void;
  #reject!: (error: unknown) => void;
  #wake = () => {};

  constructor(port: MessagePort, signal?: AbortSignal) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only iterates sees the error there; `result` alone must not count as unhandled.
    this.result.catch(() => {});
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<GenerateEvent>) => this.#receive(data);
    this.#listen(signal);
  }

  /** Asks the worker to stop; the stream then ends in the ordinary way. */
  abort(): void {
    if (this.#over) return;
    this.#stopping = true;
    this.#port.postMessage({ type: 'abort' } satisfies JobCommand);
  }

  /** Ends the stream with an error, when the worker cannot. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#end(() => this.#reject(error));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GenerateChunk, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#queue.shift();
        if (chunk) yield chunk;
        else if (this.#over) break;
        else await this.#more();
      }
      await this.result;
    } finally {
      this.abort();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #receive(event: GenerateEvent | null): void {
    if (event?.type === 'chunk') this.#add(event.chunk);
    else if (event?.type === 'session') this.session = event.session;
    else if (event?.type === 'end') this.#finish(event.stats);
    else if (event?.type === 'error') this.fail(errorOf(event.error));
  }

  #add(chunk: GenerateChunk): void {
    // A fast model makes several tokens while the abort travels; the answer ends where the user stopped it.
    if (this.#stopping) {
      this.#dropped = true;
      return;
    }
    this.#queue.push(chunk);
    this.#all.push(chunk);
    this.#wake();
  }

  #finish(stats: GenerateStats): void {
    const text = this.#all.map((chunk) => chunk.text).join('');
    const ids = this.#all.flatMap((chunk) => chunk.ids);
    this.stats = this.#dropped
      ? { ...stats, generatedTokens: ids.length, stopReason: 'aborted' }
      : stats;
    const result = { text, ids, stats: this.stats };
    this.#end(() => this.#resolve(result));
  }

  #end(outcome: () => void): void {
    this.#over = true;
    outcome();
    this.#port.close();
    this.#wake();
  }

  #listen(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = () => this.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const forget = () => signal.removeEventListener('abort', abort);
    this.result.then(forget, forget);
  }
}
