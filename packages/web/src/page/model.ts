import { PocketbitError } from '@pocketbit/core';
import * as Comlink from 'comlink';
import type { ChatMessage, KernelProfile, ModelInfo } from '../protocol.ts';
import type { GenerateOptions, Model } from './api.ts';
import type { WorkerHost } from './host.ts';
import { type GenerateStream, TokenStream } from './stream.ts';

export class WorkerModel implements Model {
  readonly info: ModelInfo;
  readonly #host: WorkerHost;
  #running: TokenStream | null = null;

  constructor(host: WorkerHost, info: ModelInfo) {
    this.#host = host;
    this.info = info;
  }

  generate(prompt: string | ChatMessage[], options: GenerateOptions = {}): GenerateStream {
    const { signal, ...sampling } = options;
    const { port1, port2 } = new MessageChannel();
    const stream = new TokenStream(port1, signal);
    try {
      this.#claim(stream);
    } catch (error) {
      stream.fail(error);
      return stream;
    }
    this.#host.api
      .generate({ ...sampling, prompt }, Comlink.transfer(port2, [port2]))
      .catch((error: unknown) => stream.fail(PocketbitError.from(error)));
    return stream;
  }

  #claim(stream: TokenStream): void {
    this.#host.check();
    if (this.#running) {
      throw new PocketbitError(
        'busy',
        'The model is already answering. Wait for it or stop it before the next request.',
      );
    }
    this.#running = stream;
    stream.result.then(
      () => this.#release(),
      (error: unknown) => this.#release(error),
    );
    this.#host.whileRunning(stream.result, (error) => stream.fail(error));
  }

  /** After a trap the wasm instance is dead, and its worker with it. */
  #release(error?: unknown): void {
    this.#running = null;
    if (error instanceof PocketbitError && error.code === 'worker-crashed') this.#host.end(error);
  }

  tokenize(text: string): Promise<number[]> {
    return this.#host.call((api) => api.tokenize(text));
  }

  logits(ids: number[]): Promise<Float32Array> {
    return this.#host.call((api) => api.logits(ids));
  }

  profile(): Promise<KernelProfile> {
    return this.#host.call((api) => api.profile());
  }

  async close(): Promise<void> {
    this.#host.end(new PocketbitError('aborted', 'The model was closed.'));
  }
}
