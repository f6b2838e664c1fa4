import { inTurn, linked } from '../coordination/download-lock.ts';
import type { FileRequest, LoadProgress } from '../protocol.ts';
import { StoredSource } from '../store/chunk-source.ts';
import { openDatabase, storageFailure } from '../store/indexeddb.ts';
import type { Draft, Manifest, ModelStore } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { Arrivals } from './chunk-queue.ts';
import { download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import { blobOrigin, type Origin, storedOrigin, streamOrigin, urlOrigin } from './sources.ts';

export interface ObtainJob {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
}

/** A file that is stored, or on its way into the store. */
export interface ModelFile {
  readonly store: ModelStore;
  readonly fromCache: boolean;
  /** Resolves when the file is whole and is what was expected. */
  readonly whole: Promise<Manifest>;
  /** Reading waits for what has not arrived yet. */
  source: StoredSource;
  /** What is still on its way; null for a file that was whole to begin with. */
  arrivals: Arrivals | null;
  /** Another source for the same file, read from the store alone. */
  stored(manifest: Manifest): StoredSource;
  /** Ends the download, and forgets what there is of the file when it is `bad`. */
  abandon(bad: boolean): Promise<void>;
}

/**
 * A model file from the store or from where it comes from; resolves as soon as its size is known.
 * Errors: those of `download`, and `storage` where the browser keeps nothing.
 */
export async function obtain(request: FileRequest, job: ObtainJob): Promise<ModelFile> {
  const origin = await originOf(request);
  const store = await storeFor(request.store);
  const arrivals = new Arrivals();
  const stop = linked(job.signal);
  stop.signal.addEventListener('abort', () => arrivals.go());
  const begun = () => store.draft(origin.source);
  const finding = inTurn(origin.source, { ...job, signal: stop.signal, begun }, async (turn) => {
    // What another tab did meanwhile may have put another file in the place of the one that was begun.
    arrivals.dropped();
    const kept = await find(origin, store, request.sha256);
    const options = { ...request, ...turn, follower: arrivals };
    return kept ?? { draft: await download(origin, store, options), fromCache: false };
  });
  arrivals.follow(finding);
  const { draft, fromCache } = await Promise.race([finding, arrivals.begins]);
  const whole = finding.then((found) => found.draft as Manifest);
  const stored = (manifest: Manifest, behind: Arrivals | null = null) =>
    sourceOf(manifest, origin, store, stop.signal, behind);
  const live = arrivals.over ? null : arrivals;
  return {
    store,
    fromCache,
    whole,
    arrivals: live,
    source: stored(draft as Manifest, live),
    stored,
    abandon: (bad) => abandon(bad, stop, whole, origin, store),
  };
}

/** The stored file, unless another one is expected. */
async function find(origin: Origin, store: ModelStore, sha256: string | undefined) {
  const draft = await store.manifest(origin.source);
  if (!draft || (sha256 && draft.sha256 !== sha256.toLowerCase())) return null;
  return { draft: draft as Draft, fromCache: true };
}

export async function originOf({ source, urls = [], name }: FileRequest): Promise<Origin> {
  if (source instanceof ReadableStream) return streamOrigin(source, name ?? 'model.gguf');
  if (typeof source !== 'string') return blobOrigin(source, name);
  return source.startsWith('stored:') ? storedOrigin(source) : urlOrigin(source, ...urls);
}

async function storeFor(store: FileRequest['store']): Promise<ModelStore> {
  if (!store) return new MemoryStore();
  const database = await openDatabase();
  if (store === 'prefer') return new MemoryStore(database);
  if (database) return database;
  throw storageFailure('this page may not use it; in private mode browsers refuse it');
}

function sourceOf(
  file: Manifest,
  origin: Origin,
  store: ModelStore,
  signal: AbortSignal,
  arrivals: Arrivals | null,
): StoredSource {
  const { urls = [] } = file;
  const places = [...origin.places, ...(urls.length > 0 ? urlOrigin(...urls).places : [])];
  const repair = (index: number) => fetchChunk({ ...origin, places }, file, index, signal);
  return new StoredSource(store, file, repair, arrivals);
}

async function abandon(
  bad: boolean,
  stop: AbortController,
  whole: Promise<Manifest>,
  origin: Origin,
  store: ModelStore,
): Promise<void> {
  stop.abort();
  const manifest = await whole.catch(() => null);
  if (!bad) return;
  if (manifest) return store.remove(manifest.source);
  const draft = await store.draft(origin.source);
  if (draft) await store.discard(draft);
}
