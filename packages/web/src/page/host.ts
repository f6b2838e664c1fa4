import { PocketbitError } from '@pocketbit/core';
import * as Comlink from 'comlink';
import { describeAnswer } from '../download/answer.ts';
import type { Reply, WorkerApi, WorkerEntry } from '../protocol.ts';
import { errorOf } from './wire.ts';

/** Longest silence of a worker that is waited for, unless the caller says otherwise. A phone's slow prefill is shorter. */
export const SILENCE_MS = 60_000;
/** Pings that go unanswered within that time. */
const PINGS = 4;

/**
 * One worker and what the page waits for from it. Nothing waits for ever: a crash rejects it all, and so does a worker
 * that answers no ping while a call is open.
 */
export class WorkerHost {
  readonly api: Comlink.Remote<WorkerEntry>;
  #onEnd = () => {};
  readonly #worker: Worker;
  readonly #silenceMs: number;
  readonly #listeners = new Set<(error: PocketbitError) => void>();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #ended = false;

  constructor(silenceMs = SILENCE_MS) {
    this.#silenceMs = silenceMs;
    this.#worker = startWorker();
    this.#worker.onerror = ({ message }) => {
      if (message) this.#crash(message);
      else void unloaded().then((error) => this.end(error));
    };
    this.#worker.onmessageerror = () => this.#crash('a message could not be read');
    this.api = Comlink.wrap<WorkerEntry>(this.#worker);
  }

  /** The value of a reply, or the worker's error, or `worker-crashed`. */
  async call<T>(ask: (api: Comlink.Remote<WorkerApi>) => Promise<Reply<T>>): Promise<T> {
    this.check();
    const answer = await new Promise<Reply<T>>((resolve, reject) => {
      const pending = ask(this.api);
      this.whileRunning(pending, reject);
      pending.then(resolve, (error: unknown) => reject(PocketbitError.from(error)));
    });
    if (answer.ok) return answer.value;
    const error = errorOf(answer.error);
    if (error.code === 'worker-crashed') this.end(error);
    throw error;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Calls `listener` once, when the worker has ended. */
  whenEnded(listener: () => void): void {
    this.#onEnd = listener;
  }

  /** Whether the worker lives; one that is silent for `silenceMs` is ended. */
  async answers(silenceMs: number): Promise<boolean> {
    if (this.#ended) return false;
    const answer = this.api.ping();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), silenceMs);
    });
    const silent = await Promise.race([silence, answer.then(() => false)]);
    clearTimeout(timer);
    if (silent) this.#crash(`it has not answered for ${silenceMs} ms`);
    return !this.#ended;
  }

  /** Throws when the worker is gone. */
  check(): void {
    if (!this.#ended) return;
    throw new PocketbitError(
      'worker-crashed',
      'The model was closed or its worker stopped. Load it again.',
    );
  }

  /** Calls `listener` if the worker ends before `done` settles. */
  whileRunning(done: Promise<unknown>, listener: (error: PocketbitError) => void): void {
    this.#listeners.add(listener);
    this.#heartbeat ??= this.#listen();
    const forget = () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
    done.then(forget, forget);
  }

  /** Ends the worker; everything that still waits is rejected with `error`. */
  end(error: PocketbitError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rest();
    this.#worker.terminate();
    for (const listener of this.#listeners) listener(error);
    this.#onEnd();
  }

  /**
   * Platform fact: a terminated or wedged worker fires no event. Silence is counted in beats, not by the clock, because a
   * page that was frozen finds its timers and the worker's answers due at once.
   */
  #listen(): ReturnType<typeof setInterval> {
    let unanswered = 0;
    return setInterval(() => {
      if (unanswered >= PINGS) this.#crash(`it has not answered for ${this.#silenceMs} ms`);
      else if (unanswered++ === 0) void this.api.ping().then(() => (unanswered = 0));
    }, this.#silenceMs / PINGS);
  }

  #rest(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #crash(message: string): void {
    this.end(
      new PocketbitError(
        'worker-crashed',
        `The model's worker stopped (${message}). Load the model again.`,
      ),
    );
  }
}

/** Bundlers know this expression, and put the address of the script in. */
const newWorker = () =>
  new Worker(new URL('../worker/index.ts', import.meta.url), { type: 'module' });

function startWorker(): Worker {
  try {
    return newWorker();
  } catch (cause) {
    throw new PocketbitError(
      'unsupported',
      `The page could not start a worker (${cause}). Allow it in the page's policy: worker-src 'self'.`,
      { cause },
    );
  }
}

/** Platform fact: a worker whose script is no script fires an error that says nothing. So the script is asked for again. */
async function unloaded(): Promise<PocketbitError> {
  const url = scriptAddress();
  const found = await fetch(url).then(describeAnswer, String);
  return new PocketbitError(
    'network',
    `The worker did not start, its script could not be loaded: ${url} was answered with ${found}. Serve the script files together and allow worker-src 'self'.`,
  );
}

/** The one expression that knows the address hands it to what it takes for the browser's constructor. */
function scriptAddress(): string {
  const { Worker } = globalThis;
  let address = '';
  try {
    globalThis.Worker = class {
      constructor(url: unknown) {
        address = String(url);
      }
    } as never;
    newWorker();
  } finally {
    globalThis.Worker = Worker;
  }
  return address;
}
