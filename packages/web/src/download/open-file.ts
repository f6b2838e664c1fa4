import { linked, refuseAborted } from '../abort.ts';
import { withDownloadLock } from '../coordination/download-lock.ts';
import type { FileRequest, LoadProgress } from '../protocol.ts';
import { type ArrivingChunks, ChunkSource } from '../store/chunk-source.ts';
import { openDatabase, storageFailure } from '../store/indexeddb.ts';
import type { Draft, Manifest, ModelStore } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import { FileLoad, type Found } from './file-load.ts';
import { type SourceFile, sourceFile, urlFile } from './sources.ts';

export interface LoadJob {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
}

/**
 * A model file from the store or from its sources; resolves as soon as its size is known.
 * Errors: those of `download`, and `storage` where the browser stores nothing.
 */
export async function openFile(request: FileRequest, job: LoadJob): Promise<FileLoad> {
  const file = await sourceFile(request);
  const store = await storeFor(request.store);
  const stop = linked(job.signal);
  const read = (draft: Draft & { size: number }, arriving: ArrivingChunks | null) =>
    new ChunkSource(store, draft, (index) => refetch(file, draft, index, stop.signal), arriving);
  const load = new FileLoad({ key: file.key, store, stop, read });
  const begun = () => store.draft(file.key);
  const locked = { ...job, signal: stop.signal, begun };
  const finding = withDownloadLock(file.key, locked, async (own): Promise<Found> => {
    // What another tab did meanwhile may have put another file in the place of the one that was begun.
    load.restarted();
    const { key, manifest: stored } = await storedFile(file, store, request.sha256, own.signal);
    if (stored) return { manifest: stored, fromCache: true };
    const arriving = { ...file, keyOf: file.keyOf ?? (() => key) };
    const manifest = await download(arriving, store, { ...request, ...own, observer: load });
    return { manifest, fromCache: false };
  });
  await load.follow(finding);
  return load;
}

/**
 * The file as it is stored, unless another one is expected, and the key that it has or is to have: another file that is at
 * hand may have the same one.
 */
async function storedFile(
  file: SourceFile,
  store: ModelStore,
  sha256: string | undefined,
  signal: AbortSignal,
): Promise<{ key: string; manifest?: Manifest | undefined }> {
  for (let n = 1; ; n++) {
    const key = n === 1 ? file.key : `${file.key}-${n}`;
    const manifest = await store.manifest(key);
    if (manifest && !(await isSame(file, manifest, signal))) continue;
    const expected = !sha256 || manifest?.sha256 === sha256.toLowerCase();
    return { key, manifest: expected ? manifest : undefined };
  }
}

/** Whether a file that is at hand is the stored one; one that is not is known by its address. */
async function isSame(file: SourceFile, stored: Manifest, signal: AbortSignal): Promise<boolean> {
  for (const index of file.holds ? stored.hashes.keys() : []) {
    refuseAborted(signal);
    if (!(await file.holds!(stored, index))) return false;
  }
  return true;
}

async function storeFor(store: FileRequest['store']): Promise<ModelStore> {
  if (!store) return new MemoryStore();
  if (store === 'prefer') return new MemoryStore(await openDatabase().catch(() => null));
  const database = await openDatabase();
  if (database) return database;
  throw storageFailure('this page may not use it; in private mode browsers refuse it');
}

/** A lost or damaged chunk, from the sources of the request and those the download noted. */
function refetch(
  file: SourceFile,
  draft: Draft & { size: number },
  index: number,
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const { urls = [] } = draft;
  const sources = [...file.sources, ...(urls.length > 0 ? urlFile(...urls).sources : [])];
  return fetchChunk({ sources }, draft, index, signal);
}
