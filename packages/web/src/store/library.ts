import type { StorageKind } from '../protocol.ts';
import { openDatabase } from './indexeddb.ts';
import type { Draft } from './manifest.ts';
import { storageQuota } from './quota.ts';

/** A model stored in this browser. */
export interface StoredModel {
  /** What `load` accepts to open it: the URL it came from, or a `stored:` id for a local file. */
  source: string;
  name: string;
  /** Bytes of the file. */
  bytes: number;
  /** SHA-256 of the whole file, lower-case hex. */
  sha256: string;
  storage: StorageKind;
  storedAt: Date;
  /** When it was last loaded; when it was stored where it never was. */
  lastUsed: Date;
}

/** A download that was not finished; `load` of its source goes on with it, `deleteModel` gives its room back. */
export interface UnfinishedModel {
  source: string;
  name: string;
  loadedBytes: number;
  totalBytes: number | null;
}

/** The room of this origin, bytes; null where the browser does not say. */
export interface StorageEstimate {
  usageBytes: number | null;
  quotaBytes: number | null;
  /** Whether the browser promised not to evict what is stored. */
  persisted: boolean | null;
  modelBytes: number;
  unfinished: UnfinishedModel[];
  /** What this build cannot read, and has not deleted; `deleteModel` of its source does. */
  unreadable: UnreadableModel[];
}

/** Records of one source that a later version wrote or that are mangled, as they are stored. */
export interface UnreadableModel {
  source: string;
  records: unknown[];
}

/** The whole models stored in this browser, the latest used first; empty where there is no IndexedDB. */
export async function listModels(): Promise<StoredModel[]> {
  const store = await openDatabase();
  const entries = (await store?.list()) ?? [];
  const models = entries.flatMap(({ manifest, usedAt }) =>
    manifest ? [{ manifest, usedAt: usedAt ?? manifest.storedAt }] : [],
  );
  return models
    .sort((a, b) => b.usedAt - a.usedAt)
    .map(({ manifest: { source, name, size, sha256, storedAt }, usedAt }) => ({
      source,
      name,
      bytes: size,
      sha256,
      storage: 'indexeddb',
      storedAt: new Date(storedAt),
      lastUsed: new Date(usedAt),
    }));
}

/** What is used, what there is room for, and what unfinished downloads hold. */
export async function storageEstimate(): Promise<StorageEstimate> {
  const store = await openDatabase();
  const [quota, entries] = [await storageQuota(), (await store?.list()) ?? []];
  const persisted = await globalThis.navigator?.storage?.persisted?.().catch(() => null);
  return {
    usageBytes: quota?.usage ?? null,
    quotaBytes: quota?.quota ?? null,
    persisted: persisted ?? null,
    modelBytes: entries.reduce((sum, { manifest }) => sum + (manifest?.size ?? 0), 0),
    unfinished: entries.flatMap(({ draft }) => (draft ? [unfinishedOf(draft)] : [])),
    unreadable: entries.flatMap(({ source, unreadable: records }) =>
      records ? [{ source, records }] : [],
    ),
  };
}

function unfinishedOf({ source, name, size, chunkBytes, hashes }: Draft): UnfinishedModel {
  const loaded = hashes.length * chunkBytes;
  return { source, name, loadedBytes: Math.min(loaded, size ?? loaded), totalBytes: size };
}

/**
 * The least recently used models that together free `bytes`, for `deleteModel` once the user agrees; empty where even all
 * of them would not. `keep` are sources that must stay.
 */
export async function suggestEviction(
  bytes: number,
  { keep = [] }: { keep?: string[] } = {},
): Promise<StoredModel[]> {
  const candidates = (await listModels()).reverse().filter(({ source }) => !keep.includes(source));
  let freed = 0;
  const count = candidates.findIndex((model) => {
    freed += model.bytes;
    return freed >= bytes;
  });
  return candidates.slice(0, count + 1);
}
