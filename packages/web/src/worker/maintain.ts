import { PocketbitError } from '@pocketbit/core';
import { withDownloadLock } from '../coordination/download-lock.ts';
import { fetchChunk } from '../download/fetch-chunk.ts';
import { type LoadJob, openFile } from '../download/open-file.ts';
import { ProgressMeter } from '../download/progress.ts';
import { sourceFile } from '../download/sources.ts';
import type { StoreReport, StoreRequest } from '../protocol.ts';
import { openDatabase, storageFailure } from '../store/indexeddb.ts';
import { damagedChunks, repairChunks } from '../store/maintenance.ts';
import type { Manifest, ModelStore } from '../store/manifest.ts';

/** Imports, verifies or repairs a stored model. Errors: those of `openFile`; `storage` where there is no such model. */
export async function maintain(request: StoreRequest, job: LoadJob): Promise<StoreReport> {
  if (request.action === 'import') {
    const { source, hashes } = await (await openFile(request.file, job)).whole;
    return { source, chunks: hashes.length, damagedChunks: 0, repairedChunks: 0 };
  }
  return withDownloadLock(request.source, job, (locked) => check(request, locked));
}

type CheckRequest = Exclude<StoreRequest, { action: 'import' }>;

async function check(request: CheckRequest, { signal, report }: LoadJob): Promise<StoreReport> {
  const { action, source, urls = [] } = request;
  const { store, manifest } = await stored(source);
  const verifying = new ProgressMeter('verify', true, report);
  const repair = action === 'repair';
  const damaged = await damagedChunks(store, manifest, signal, verifying.update, repair);
  // The data of the site may have been cleared meanwhile.
  if (damaged.length > 0) await stored(source);
  const found = { source, chunks: manifest.hashes.length, damagedChunks: damaged.length };
  if (!repair) return { ...found, repairedChunks: 0 };
  const [first, ...others] = [...urls, ...(source.startsWith('stored:') ? [] : [source])];
  const file = await sourceFile({
    source: first ?? source,
    urls: [...others, ...(manifest.urls ?? [])],
    store: true,
  });
  const fetch = (index: number) => fetchChunk(file, manifest, index, signal);
  const repairing = new ProgressMeter('repair', false, report);
  await repairChunks(store, manifest, damaged, fetch, repairing.update);
  return { ...found, repairedChunks: damaged.length };
}

async function stored(source: string): Promise<{ store: ModelStore; manifest: Manifest }> {
  const store = await openDatabase();
  if (!store) throw storageFailure('this page may not use it');
  const manifest = await store.manifest(source);
  if (manifest) return { store, manifest };
  throw new PocketbitError(
    'storage',
    `No model is stored as ${source}. listModels() names those that are.`,
  );
}
