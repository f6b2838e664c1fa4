import { PocketbitError } from '@pocketbit/core';
import { inTurn } from '../coordination/download-lock.ts';
import { damagedChunks, repairChunks } from '../download/fetch-chunk.ts';
import { type ObtainJob, obtain, originOf } from '../download/open-file.ts';
import type { StoreReport, StoreRequest } from '../protocol.ts';
import { openDatabase, storageFailure } from '../store/indexeddb.ts';

/** Imports, verifies or repairs a stored model. Errors: those of `obtain`; `storage` where there is no such model. */
export async function maintain(request: StoreRequest, job: ObtainJob): Promise<StoreReport> {
  if (request.action === 'import') {
    const { source, hashes } = await (await obtain(request.file, job)).whole;
    return { source, chunks: hashes.length, damagedChunks: 0, repairedChunks: 0 };
  }
  return inTurn(request.source, job, (turn) => check(request, turn));
}

type CheckRequest = Exclude<StoreRequest, { action: 'import' }>;

async function check(
  { action, source, urls = [] }: CheckRequest,
  job: ObtainJob,
): Promise<StoreReport> {
  const store = await openDatabase();
  if (!store) throw storageFailure('this page may not use it');
  const manifest = await store.manifest(source);
  if (!manifest) {
    throw new PocketbitError(
      'storage',
      `No model is stored as ${source}. listModels() names those that are.`,
    );
  }
  const damaged = await damagedChunks(store, manifest, job);
  const report = { source, chunks: manifest.hashes.length, damagedChunks: damaged.length };
  if (action === 'verify') return { ...report, repairedChunks: 0 };
  const [first, ...others] = [...urls, ...(source.startsWith('stored:') ? [] : [source])];
  const origin = await originOf({
    source: first ?? source,
    urls: [...others, ...(manifest.urls ?? [])],
    store: true,
  });
  await repairChunks(origin, store, manifest, damaged, job);
  return { ...report, repairedChunks: damaged.length };
}
