import { PocketbitError } from '@pocketbit/core';
import * as Comlink from 'comlink';
import type { Reply, WorkerApi } from '../protocol.ts';

/** One worker and what the page waits for from it. Nothing waits for ever: a crash rejects it all. */
export class WorkerHost {
  readonly api: Comlink.Remote<WorkerApi>;
  readonly #worker: Worker;
  readonly #listeners = new Set<(error: PocketbitError) => void>();
  #ended = false;

  constructor() {
    this.#worker = startWorker();
    this.#worker.onerror = (event) => this.#crash(event.message);
    this.#worker.onmessageerror = () => this.#crash('a message could not be read');
    this.api = Comlink.wrap<WorkerApi>(this.#worker);
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
    const error = new PocketbitError(answer.error.code, answer.error.message);
    if (error.code === 'worker-crashed') this.end(error);
    throw error;
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
    const forget = () => this.#listeners.delete(listener);
    done.then(forget, forget);
  }

  /** Ends the worker; everything that still waits is rejected with `error`. */
  end(error: PocketbitError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#worker.terminate();
    for (const listener of this.#listeners) listener(error);
  }

  #crash(message: string | undefined): void {
    this.end(
      new PocketbitError(
        'worker-crashed',
        `The model's worker stopped (${message || 'its script could not be loaded'}). Load the model again.`,
      ),
    );
  }
}

function startWorker(): Worker {
  try {
    return new Worker(new URL('../worker/index.ts', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new PocketbitError(
      'unsupported',
      `The page could not start a worker (${cause}). Allow it in the page's policy: worker-src 'self'.`,
      { cause },
    );
  }
}
