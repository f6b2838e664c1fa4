import { PocketbitError } from '@pocketbit/core';
import type { Artifact, Fit, FitPolicy, KernelOptions } from '@pocketbit/engine';
import * as Comlink from 'comlink';
import type { Crash } from '../coordination/crash-marker.ts';
import type { ModelLease, TabOptions } from '../coordination/engine-lease.ts';
import type { LoadProgress, OpenRequest } from '../protocol.ts';
import { defined } from './defined.ts';
import { WorkerHost } from './host.ts';
import { runJob } from './job.ts';
import { memoryBudget } from './memory-budget.ts';
import { type Model, type Opened, WorkerModel } from './model.ts';
import { Page } from './page.ts';
import { persistStorage } from './persist.ts';
import { absolute, fileOf, type ModelSource, transfers } from './source.ts';

export interface LoadOptions extends TabOptions {
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
   * Whether the model is stored in this browser: `true` (default) fails with `storage` or `quota` where it cannot be,
   * `prefer` runs from memory then, and `false` always does and stores nothing.
   */
  store?: boolean | 'prefer';
  /** Whether the browser is asked, after a first download, not to evict the model; Firefox asks the user. Default true. */
  persist?: boolean;
  /** Memory the model may take, bytes; by default what this kind of device can spare. */
  memoryBudget?: number;
  /**
   * What happens where the model does not fit, or took the page down at an earlier visit: `refuse` (default) fails with
   * `does-not-fit` and starts smaller after a crash, `shrink` takes the largest context that fits, `ignore` takes no notice.
   */
  fit?: FitPolicy;
  /** Longest the worker may be silent while a call is open before it counts as dead, milliseconds; default 60,000. */
  silenceMs?: number;
}

const page = new Page();

/**
 * Loads a model from a URL, several URLs of the same file, a picked file, a stream of its bytes, or a `source` that
 * `listModels` named. A stored model needs no network. Errors are PocketbitErrors; see `code`.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  checkStart(options.signal);
  if (options.tabs !== 'one') return loadHere(source, options);
  const lease = await page.engine.acquire(options);
  try {
    return await loadHere(source, { ...options, signal: lease.signal }, lease);
  } catch (error) {
    lease.release();
    throw error;
  }
}

async function loadHere(
  source: ModelSource,
  options: LoadOptions,
  lease?: ModelLease,
): Promise<Model> {
  const asked = await requestOf(source, options);
  const { crash, limits } = await afterCrash(asked);
  const request = { ...asked, ...limits };
  const opening = open(request, options);
  page.working(opening);
  const { host, info } = await opening;
  // From the store, where it is there: a model that was loaded once is loaded again without the network.
  const again = { ...request, source: info.source ?? request.source };
  const quiet = defined({ silenceMs: options.silenceMs });
  const reopen = (ids?: Uint32Array) => open({ ...again, ...(ids && { ids }) }, quiet);
  return new WorkerModel({ host, info: { ...info, crash } }, reopen, page, lease);
}

/** How an earlier visit with this model ended, and what the request asks for because of it: after a crash, less. */
async function afterCrash({ source, store, fit }: OpenRequest): Promise<{
  crash: Crash | null;
  limits: Pick<OpenRequest, 'visit' | 'maxContext'>;
}> {
  if (typeof source !== 'string' || store === false || fit === 'ignore') {
    return { crash: null, limits: {} };
  }
  const { crashes } = page;
  const crash = await crashes.find(source, true);
  const maxContext = await crashes.maxContext(source, crash);
  const limits = { visit: crashes.visit, ...(maxContext !== null && { maxContext }) };
  return { crash, limits };
}

/**
 * How a model would fit on this device, from its header. Of one that is not stored, the first 4 MiB are fetched, and as many
 * more as its header takes; they are stored, and `load` goes on from them. Errors as of `load`.
 */
export async function checkFit(source: ModelSource, options: LoadOptions = {}): Promise<Fit> {
  checkStart(options.signal);
  const request = await requestOf(source, options);
  const host = new WorkerHost();
  const asked = Comlink.transfer(request, transfers(request));
  const ask = runJob(host, defined({ signal: options.signal }), (api, port) =>
    api.fit(asked, port),
  );
  return ask.finally(() => host.end(new PocketbitError('aborted', 'The question is answered.')));
}

/** How the last visit with a model ended, where that was in the middle; null where it was not, or `load` has seen to it. */
export async function lastCrash(source: string | URL): Promise<Crash | null> {
  return page.crashes.find(absolute(source), false);
}

/** One worker with the model in it. */
async function open(request: OpenRequest, options: LoadOptions): Promise<Opened> {
  const host = new WorkerHost(options.silenceMs);
  let fromCache = false;
  const onProgress = (progress: LoadProgress) => {
    fromCache = progress.fromCache;
    options.onProgress?.(progress);
  };
  try {
    const asked = Comlink.transfer(request, transfers(request));
    const info = await runJob(host, { ...options, onProgress }, (api, port) =>
      api.open(asked, port),
    );
    options.onProgress?.(ready(info.fileBytes, fromCache));
    const first = !fromCache && info.storage === 'indexeddb';
    if (first && options.persist !== false) void persistStorage().catch(() => null);
    return { host, info };
  } catch (error) {
    const failure = PocketbitError.from(error);
    host.end(failure);
    throw failure;
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

async function requestOf(source: ModelSource, options: LoadOptions): Promise<OpenRequest> {
  const file = await fileOf(source, options).catch((error: unknown) => {
    // What is neither an address nor a file.
    throw PocketbitError.from(error, 'network');
  });
  const { contextLength, kv, head, artifact, wasmBase, kernels, fit } = options;
  return {
    ...file,
    budgetBytes: options.memoryBudget ?? memoryBudget(),
    ...defined({ contextLength, kv, head, artifact, kernels, fit }),
    ...(wasmBase !== undefined && { wasmBase: absolute(wasmBase) }),
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
