import type { ChatMessage } from '@pocketbit/core';
import { PocketbitError } from '@pocketbit/core';
import type { SamplingOptions, SavedSession, SaveOptions } from '@pocketbit/engine';
import * as Comlink from 'comlink';
import type { ModelLease } from '../coordination/engine-lease.ts';
import type { KernelProfile, ModelInfo, Reply, WorkerApi } from '../protocol.ts';
import type { WorkerHost } from './host.ts';
import type { Page } from './page.ts';
import { type GenerateStream, TokenStream } from './stream.ts';
import { errorOf } from './wire.ts';

export interface GenerateOptions extends SamplingOptions {
  /** Stops within one token; the loop ends with `stopReason: 'aborted'`. */
  signal?: AbortSignal;
}

/**
 * A model in memory, in a worker of its own. Where that worker crashes, what was running fails with `worker-crashed`, and a
 * new worker loads the model again and reads what the old one had in its context: the next call works.
 */
export interface Model {
  readonly info: ModelInfo;
  /**
   * Starts an answer. A string is one user message, unless `raw` is set.
   * One answer at a time: a second one fails with `busy`.
   */
  generate(prompt: string | ChatMessage[], options?: GenerateOptions): GenerateStream;
  /**
   * The running answer as it stands between two tokens, or the last one; null before the first. It may be asked for at any
   * time.
   */
  save(options?: SaveOptions): Promise<SavedSession | null>;
  /**
   * Goes on with a saved answer, to the tokens an uninterrupted run would have given. The stream begins with what there was.
   * Errors: `integrity`, `unsupported` for a session of another model, `context-full`.
   */
  restore(saved: SavedSession, options?: { signal?: AbortSignal }): GenerateStream;
  /** Token ids of `text`, without added special tokens. */
  tokenize(text: string): Promise<number[]>;
  /** The text of token ids. Errors: `unsupported` for an id past the vocabulary. */
  detokenize(ids: number[]): Promise<string>;
  /** Logits after the last of `ids`, [vocabSize]. */
  logits(ids: number[]): Promise<Float32Array>;
  /** Which kernel serves which tensor, and the timings that decided. */
  profile(): Promise<KernelProfile>;
  /** Frees the memory; the stored file stays. */
  close(): Promise<void>;
}

/**
 * A worker with its model.
 * @internal
 */
export interface Opened {
  host: WorkerHost;
  info: ModelInfo;
}

type Ask<T> = (api: Comlink.Remote<WorkerApi>) => Promise<Reply<T>>;
type Start = (api: Comlink.Remote<WorkerApi>, port: MessagePort) => Promise<Reply<void>>;

/** A page that comes back waits this long for its worker, which may have been killed meanwhile. */
const RETURN_MS = 5000;

/** Pauses before a worker is replaced that stopped for the first, second… time without having answered; then it is not. */
const PAUSES_MS = [0, 1000, 4000];
/** A worker that lived this long counts as one that answered; and so long after giving up a call may try again. */
const QUIET_MS = 60_000;

/** @internal */
export class WorkerModel implements Model {
  readonly info: ModelInfo;
  readonly #reopen: (ids: Uint32Array | undefined) => Promise<Opened>;
  readonly #page: Page;
  readonly #lease: ModelLease | undefined;
  #host: WorkerHost;
  #revival: Promise<WorkerHost> | null = null;
  #running: TokenStream | null = null;
  #last: TokenStream | null = null;
  #closed = false;
  /** Workers that stopped in a row without an answer between. */
  #deaths = 0;
  /** When the worker was there, or stopped; a clock of the page. */
  #since = performance.now();

  /** `reopen` loads the same model into a new worker, which then reads `ids` again; `lease` where tabs share an engine. */
  constructor(
    { host, info }: Opened,
    reopen: (ids: Uint32Array | undefined) => Promise<Opened>,
    page: Page,
    lease?: ModelLease,
  ) {
    this.info = info;
    this.#reopen = reopen;
    this.#page = page;
    this.#lease = lease;
    lease?.closeWith(() => this.close());
    this.#host = host;
    host.whenEnded(this.#onEnd);
    globalThis.document?.addEventListener('visibilitychange', this.#onVisible);
  }

  generate(prompt: string | ChatMessage[], options: GenerateOptions = {}): GenerateStream {
    const { signal, ...sampling } = options;
    return this.#stream(signal, (api, port) =>
      api.generate({ ...sampling, prompt }, Comlink.transfer(port, [port])),
    );
  }

  restore(saved: SavedSession, { signal }: { signal?: AbortSignal } = {}): GenerateStream {
    return this.#stream(signal, (api, port) => api.restore(saved, Comlink.transfer(port, [port])));
  }

  save(options: SaveOptions = {}): Promise<SavedSession | null> {
    return this.#call((api) => api.save(options));
  }

  tokenize(text: string): Promise<number[]> {
    return this.#call((api) => api.tokenize(text));
  }

  detokenize(ids: number[]): Promise<string> {
    return this.#call((api) => api.detokenize(ids));
  }

  logits(ids: number[]): Promise<Float32Array> {
    return this.#call((api) => api.logits(ids));
  }

  profile(): Promise<KernelProfile> {
    return this.#call((api) => api.profile());
  }

  async close(): Promise<void> {
    this.#closed = true;
    globalThis.document?.removeEventListener('visibilitychange', this.#onVisible);
    this.#host.end(new PocketbitError('aborted', 'The model was closed.'));
    this.#lease?.release();
  }

  #stream(signal: AbortSignal | undefined, start: Start): GenerateStream {
    const { port1, port2 } = new MessageChannel();
    const stream = new TokenStream(port1, signal);
    try {
      this.#claim(stream);
    } catch (error) {
      stream.fail(error);
      return stream;
    }
    this.#page.working(stream.result);
    this.#alive()
      .then((host) => {
        host.whileRunning(stream.result, (error) => stream.fail(error));
        return start(host.api, port2);
      })
      .then((reply) => {
        if (!reply.ok) stream.fail(errorOf(reply.error));
      })
      .catch((error: unknown) => stream.fail(PocketbitError.from(error)));
    return stream;
  }

  #claim(stream: TokenStream): void {
    this.#checkOpen();
    if (this.#running) {
      throw new PocketbitError(
        'busy',
        'The model is already answering. Wait for it or stop it before the next request.',
      );
    }
    this.#running = stream;
    stream.result.then(
      () => this.#release(stream),
      (error: unknown) => this.#release(stream, error),
    );
  }

  /** After a trap the wasm instance is dead, and its worker with it. */
  #release(stream: TokenStream, error?: unknown): void {
    this.#running = null;
    if (stream.session) this.#last = stream;
    if (error instanceof PocketbitError && error.code === 'worker-crashed') this.#host.end(error);
    else this.#deaths = 0;
  }

  async #call<T>(ask: Ask<T>): Promise<T> {
    const value = await (await this.#alive()).call(ask);
    this.#deaths = 0;
    return value;
  }

  /** The worker, or the one that replaces it. A replacement that failed is tried again, once a call. */
  async #alive(): Promise<WorkerHost> {
    this.#checkOpen();
    if (!this.#host.ended) return this.#host;
    if (this.#deaths > PAUSES_MS.length && performance.now() - this.#since < QUIET_MS) {
      throw new PocketbitError(
        'worker-crashed',
        `The model's worker stopped ${this.#deaths} times in a row. Close other tabs, or load a smaller model.`,
      );
    }
    this.#revival ??= this.#revive().finally(() => {
      this.#revival = null;
    });
    return this.#revival;
  }

  async #revive(): Promise<WorkerHost> {
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[this.#deaths - 1] ?? 0));
    this.#checkOpen();
    const session = this.#running?.session ?? this.#last?.session;
    const { host } = await this.#reopen(session?.ids);
    this.#host = host;
    this.#since = performance.now();
    host.whenEnded(this.#onEnd);
    if (this.#closed) host.end(new PocketbitError('aborted', 'The model was closed.'));
    this.#checkOpen();
    return host;
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new PocketbitError('worker-crashed', 'The model was closed. Load it again.');
  }

  /** A crash: the replacement loads at once, so that it is there when it is needed. */
  readonly #onEnd = () => {
    const now = performance.now();
    this.#deaths = now - this.#since < QUIET_MS ? this.#deaths + 1 : 1;
    this.#since = now;
    if (!this.#closed) this.#alive().catch(() => {});
  };

  /** Back in the foreground: a worker killed meanwhile is replaced, and the engine runs warm before anybody types. */
  readonly #onVisible = () => {
    if (document.visibilityState !== 'visible' || this.#closed || this.#running) return;
    const warm = async () => {
      await this.#host.answers(RETURN_MS);
      await this.#call((api) => api.warm());
    };
    warm().catch(() => {});
  };
}
