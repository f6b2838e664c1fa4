import { PocketbitError } from '@pocketbit/core';
import * as Comlink from 'comlink';
import { downloadLock, hold } from '../coordination/locks.ts';
import type { LoadProgress, StoreReport, StoreRequest } from '../protocol.ts';
import { exportChunks } from '../store/chunks.ts';
import { openDatabase } from '../store/indexeddb.ts';
import { listModels, type StoredModel } from '../store/library.ts';
import { WorkerHost } from './host.ts';
import { runJob } from './job.ts';
import { absolute, type FileOptions, fileOf, type ModelSource, transfers } from './source.ts';

export interface StoreOptions {
  signal?: AbortSignal;
  onProgress?: (progress: LoadProgress) => void;
}

/** Stores a model without loading it. Errors as those of `load`. */
export async function importModel(
  source: ModelSource,
  options: StoreOptions & Omit<FileOptions, 'store'> = {},
): Promise<StoredModel> {
  const { signal, onProgress, ...known } = options;
  const file = await fileOf(source, known);
  const report = await maintain({ action: 'import', file }, options, transfers(file));
  const stored = (await listModels()).find((model) => model.source === report.source);
  if (stored) return stored;
  throw new PocketbitError('storage', 'The model was stored and is gone again.');
}

/** Reads a stored model and compares every chunk with the hash it was stored with. */
export function verifyModel(source: string, options: StoreOptions = {}): Promise<StoreReport> {
  return maintain({ action: 'verify', source: absolute(source) }, options);
}

/** Fetches the chunks of a stored model that are damaged, those alone; from `urls` where it knows no address. */
export function repairModel(
  source: string,
  options: StoreOptions & { urls?: (string | URL)[] } = {},
): Promise<StoreReport> {
  const urls = options.urls?.map(absolute) ?? [];
  return maintain({ action: 'repair', source: absolute(source), urls }, options);
}

/** A stored model as the file it was. */
export interface ModelExport {
  name: string;
  bytes: number;
  /** SHA-256 of the file, lower-case hex. */
  sha256: string;
  /** Its bytes, each chunk checked as it is read; a damaged one errors the stream with `integrity`. */
  stream: ReadableStream<Uint8Array>;
}

/** Gives a stored model out as one file. Nothing but a chunk is in memory. */
export async function exportModel(source: string): Promise<ModelExport> {
  const store = await openDatabase();
  const manifest = await store?.manifest(absolute(source));
  if (!store || !manifest) throw new PocketbitError('storage', `No model is stored as ${source}.`);
  const { name, size: bytes, sha256 } = manifest;
  return { name, bytes, sha256, stream: exportChunks(store, manifest) };
}

/**
 * Deletes a stored model, or what was stored of an unfinished download. `source` as in `listModels`. Errors: `busy` while
 * it is being downloaded, in this tab or another.
 */
export async function deleteModel(source: string): Promise<void> {
  const store = await openDatabase();
  if (!store) return;
  if (!globalThis.navigator?.locks) return store.remove(source);
  const lease = await hold(downloadLock(source));
  if (!lease) {
    throw new PocketbitError(
      'busy',
      'This model is being downloaded. Stop the download before deleting it.',
    );
  }
  await store.remove(source).finally(() => lease.release());
  await lease.ended;
}

/** Has a worker of its own do work on the store. */
async function maintain(
  request: StoreRequest,
  options: StoreOptions,
  transferred: Transferable[] = [],
): Promise<StoreReport> {
  if (options.signal?.aborted) throw new PocketbitError('aborted', 'Stopped before it began.');
  const host = new WorkerHost();
  const asked = Comlink.transfer(request, transferred);
  const job = runJob(host, options, (api, port) => api.maintain(asked, port));
  return job.finally(() =>
    host.end(new PocketbitError('aborted', 'The work on the store is over.')),
  );
}
