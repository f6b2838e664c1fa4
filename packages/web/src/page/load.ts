import { PocketbitError } from '@pocketbit/core';
import * as Comlink from 'comlink';
import type {
  Artifact,
  FileRequest,
  JobCommand,
  KernelOptions,
  LoadProgress,
  OpenEvent,
  OpenRequest,
} from '../protocol.ts';
import { stayAwake } from '../session/wake.ts';
import type { Model } from './api.ts';
import { WorkerHost } from './host.ts';
import { type Opened, WorkerModel } from './model.ts';
import { persistStorage } from './persist.ts';
import { absolute, fileOf, type ModelSource, transfers } from './source.ts';

export interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (progress: LoadProgress) => void;
  /** Positions in the KV cache; default and upper limit are the model's own. */
  contextLength?: number;
  /** KV cache: `int8` (default), `int4` (half its memory, rougher answers) or `f32` (four times it). */
  kv?: 'f32' | 'int8' | 'int4';
  /** Embedding and head rows that the file holds as floats: `int8` (default), `int4` (half, rougher) or `f32` (four times). */
  head?: 'f32' | 'int8' | 'int4';
  /** Expected SHA-256 of the whole file, hex; a stored file with another hash is replaced. */
  sha256?: string;
  /** Expected SHA-256 of each 4 MiB of the file, hex: a wrong one is fetched again alone. */
  chunkSha256?: string[];
  /** Takes this build of the engine instead of the fastest that works. */
  artifact?: Artifact;
  /** Folder of the `.wasm` files, when they are not beside the script. */
  wasmBase?: URL | string;
  /**
   * Which kernels multiply by the weights: timed in this browser (`auto`, default), the artifact's own order
   * (`default`), or by name, `{ ternary: { gemv: 'lookup' } }`. The answers are the same to the bit.
   */
  kernels?: KernelOptions;
  /**
   * Whether the model is kept in this browser: `true` (default) fails with `storage` or `quota` where it cannot be,
   * `prefer` runs from memory then, and `false` always does and keeps nothing.
   */
  store?: boolean | 'prefer';
  /** Whether the browser is asked, after a first download, not to evict the model; Firefox asks the user. Default true. */
  persist?: boolean;
  /** Longest the worker may be silent while a call is open before it counts as dead, milliseconds; default 60,000. */
  silenceMs?: number;
}

/**
 * Loads a model from a URL, several URLs of the same file, a picked file, a stream of its bytes, or a `source` that
 * `listModels` named. A stored model needs no network. Errors are PocketbitErrors; see `code`.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  checkStart(options.signal);
  const request = requestOf(await fileOf(source, options), options);
  const opening = open(request, options);
  stayAwake(opening);
  const opened = await opening;
  // From the storage, where it is kept: a model that was loaded once is loaded again without the network.
  const again = { ...request, source: opened.info.source ?? request.source };
  const { silenceMs } = options;
  const quiet = silenceMs === undefined ? {} : { silenceMs };
  return new WorkerModel(opened, (ids) => open({ ...again, ...(ids && { ids }) }, quiet));
}

/** One worker with the model in it. */
async function open(request: OpenRequest, options: LoadOptions): Promise<Opened> {
  const host = new WorkerHost(options.silenceMs);
  const { port1, port2 } = new MessageChannel();
  let fromCache = false;
  port1.onmessage = ({ data }: MessageEvent<OpenEvent>) => {
    fromCache = data.progress.fromCache;
    options.onProgress?.(data.progress);
  };
  const abort = () => port1.postMessage({ type: 'abort' } satisfies JobCommand);
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const asked = Comlink.transfer(request, transfers(request));
    const info = await host.call((api) => api.open(asked, Comlink.transfer(port2, [port2])));
    options.onProgress?.(ready(info.fileBytes, fromCache));
    const first = !fromCache && info.storage === 'indexeddb';
    if (first && options.persist !== false) void persistStorage().catch(() => null);
    return { host, info };
  } catch (error) {
    const failure = PocketbitError.from(error);
    host.end(failure);
    throw failure;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    port1.close();
  }
}

function checkStart(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PocketbitError('aborted', 'Loading was stopped before it began.');
  if (typeof Worker === 'function') return;
  throw new PocketbitError(
    'unsupported',
    'This page has no Web Workers. Use a browser from 2021 or later.',
  );
}

function requestOf(file: FileRequest, options: LoadOptions): OpenRequest {
  const { contextLength, kv, head, artifact, wasmBase, kernels } = options;
  return {
    ...file,
    ...(contextLength !== undefined && { contextLength }),
    ...(kv !== undefined && { kv }),
    ...(head !== undefined && { head }),
    ...(artifact !== undefined && { artifact }),
    ...(wasmBase !== undefined && { wasmBase: absolute(wasmBase) }),
    ...(kernels !== undefined && { kernels }),
  };
}

function ready(bytes: number, fromCache: boolean): LoadProgress {
  return {
    phase: 'ready',
    loadedBytes: bytes,
    totalBytes: bytes,
    bytesPerSecond: 0,
    etaMs: 0,
    fromCache,
  };
}
