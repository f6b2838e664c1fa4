import { linked } from '../abort.ts';
import { withDownloadLock } from '../coordination/download-lock.ts';
import type { FileRequest, LoadProgress } from '../protocol.ts';
import { type ArrivingChunks, ChunkSource } from '../store/chunk-source.ts';
import { openDatabase, storageFailure } from '../store/indexeddb.ts';
import type { Draft, ModelStore } from '../store/manifest.ts';
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
    const stored = await storedFile(file.key, store, request.sha256);
    if (stored) return stored;
    const manifest = await download(file, store, { ...request, ...own, observer: load });
    return { manifest, fromCache: false };
  });
  await load.follow(finding);
  return load;
}

/** The stored file, unless another one is expected. */
async function storedFile(
  key: string,
  store: ModelStore,
  sha256: string | undefined,
): Promise<Found | null> {
  const manifest = await store.manifest(key);
  if (!manifest || (sha256 && manifest.sha256 !== sha256.toLowerCase())) return null;
  return { manifest, fromCache: true };
}

async function storeFor(store: FileRequest['store']): Promise<ModelStore> {
  if (!store) return new MemoryStore();
  const database = await openDatabase();
  if (store === 'prefer') return new MemoryStore(database);
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
