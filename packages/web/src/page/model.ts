import type { ChatMessage } from '@pocketbit/core';
import { PocketbitError } from '@pocketbit/core';
import type { SavedSession, SaveOptions } from '@pocketbit/engine';
import * as Comlink from 'comlink';
import { noteLeaving } from '../coordination/crash-report.ts';
import type { Place } from '../coordination/engine-lease.ts';
import type { KernelProfile, ModelInfo, Reply, WorkerApi } from '../protocol.ts';

import type { GenerateOptions, Model } from './api.ts';
import type { WorkerHost } from './host.ts';
import { type GenerateStream, TokenStream } from './stream.ts';
import { stayAwake } from './wake-lock.ts';

/** A worker with its model. */
export interface Opened {
  host: WorkerHost;
  info: ModelInfo;
}

type Ask<T> = (api: Comlink.Remote<WorkerApi>) => Promise<Reply<T>>;
type Start = (api: Comlink.Remote<WorkerApi>, port: MessagePort) => Promise<void>;

/** A page that comes back waits this long for its worker, which may have been killed meanwhile. */
const RETURN_MS = 5000;

export class WorkerModel implements Model {
  readonly info: ModelInfo;
  readonly #reopen: (ids: Uint32Array | undefined) => Promise<Opened>;
  #host: WorkerHost;
  #revival: Promise<WorkerHost> | null = null;
  #running: TokenStream | null = null;
  #last: TokenStream | null = null;
  #closed = false;
  readonly #place: Place | undefined;

  /** `reopen` loads the same model into a new worker, which then reads `ids` again. */
  constructor(
    { host, info }: Opened,
    reopen: (ids: Uint32Array | undefined) => Promise<Opened>,
    place?: Place,
  ) {
    this.info = info;
    this.#reopen = reopen;
    this.#place = place;
    if (place) place.close = () => this.close();
    this.#host = host;
    host.onEnd = this.#onEnd;
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
    this.#place?.leave();
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
    stayAwake(stream.result);
    noteLeaving(stream.result);
    this.#alive()
      .then((host) => {
        host.whileRunning(stream.result, (error) => stream.fail(error));
        return start(host.api, port2);
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
  }

  async #call<T>(ask: Ask<T>): Promise<T> {
    return (await this.#alive()).call(ask);
  }

  /** The worker, or the one that replaces it. A replacement that failed is tried again, once a call. */
  async #alive(): Promise<WorkerHost> {
    this.#checkOpen();
    if (!this.#host.ended) return this.#host;
    this.#revival ??= this.#revive().finally(() => {
      this.#revival = null;
    });
    return this.#revival;
  }

  async #revive(): Promise<WorkerHost> {
    const session = this.#running?.session ?? this.#last?.session;
    const { host } = await this.#reopen(session?.ids);
    this.#host = host;
    host.onEnd = this.#onEnd;
    if (this.#closed) host.end(new PocketbitError('aborted', 'The model was closed.'));
    return host;
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new PocketbitError('worker-crashed', 'The model was closed. Load it again.');
  }

  /** A crash: the replacement loads at once, so that it is there when it is needed. */
  readonly #onEnd = () => {
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
