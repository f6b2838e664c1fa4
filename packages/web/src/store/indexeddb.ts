import { isNumber, PocketbitError, type Shape } from '@pocketbit/core';
import { del, get, promisifyRequest, type UseStore } from 'idb-keyval';
import { database, isRefused } from './database.ts';
import {
  type Draft,
  isDraft,
  isManifest,
  type Manifest,
  type ModelStore,
  readable,
  type StoredEntry,
} from './manifest.ts';
import { quotaError } from './quota.ts';

/** `lost` is a record that could not be read, as it was when another took its place. */
type Key =
  | [kind: 'model' | 'draft' | 'used', source: string]
  | [kind: 'lost', source: string, kind: string]
  | [kind: 'chunk', blob: string, index: number];

const SHAPES = { model: isManifest, draft: isDraft };

const models = database('pocketbit', 'models');

const use: UseStore = (mode, work) =>
  models(mode, work).catch((error) => {
    throw storageError(error);
  });

/**
 * The IndexedDB store of this origin, or null where the browser gives none (private mode, disabled). Errors: `storage`
 * where it cannot be opened now.
 */
export async function openDatabase(): Promise<DatabaseStore | null> {
  try {
    await get(['probe'], models);
    return new DatabaseStore();
  } catch (error) {
    if (isRefused(error)) return null;
    throw storageError(error);
  }
}

export class DatabaseStore implements ModelStore {
  #lost = false;

  get kind() {
    return this.#lost ? 'memory' : 'indexeddb';
  }

  async manifest(source: string): Promise<Manifest | undefined> {
    return readable(await get(['model', source], use), isManifest, source);
  }

  async draft(source: string): Promise<Draft | undefined> {
    return readable(await get(['draft', source], use), isDraft, source);
  }

  // Platform fact: Chrome stores large values as side files that can go missing; then every read of them fails.
  chunk(blob: string, index: number): Promise<ArrayBuffer | undefined> {
    return get(['chunk', blob, index], use);
  }

  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    return writeAs(draft, index === 0, [
      [['chunk', draft.blob, index], bytes],
      [['draft', draft.source], draft],
    ]);
  }

  replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void> {
    return use('readwrite', async (objects) => {
      const records = await recordsOf(objects);
      if (!records.some(([, value]) => blobOf(value) === blob)) {
        throw new PocketbitError('storage', 'The model was deleted meanwhile. Load it again.');
      }
      await putAll(objects, [[['chunk', blob, index], bytes]]);
    });
  }

  dropChunk(blob: string, index: number): Promise<void> {
    return del(['chunk', blob, index], use);
  }

  async commit(manifest: Manifest, draft: Draft): Promise<void> {
    await writeAs(draft, draft.hashes.length === 0, [
      [['model', manifest.source], manifest],
      [['draft', draft.source], undefined],
    ]);
    // The model is whole; what it replaces is swept away with the next one at the latest.
    await use('readwrite', (objects) => sweep(objects)).catch(() => {});
  }

  async discard(draft: Draft): Promise<void> {
    await writeAs(draft, true, [[['draft', draft.source], undefined]]);
    await use('readwrite', (objects) => sweep(objects, undefined, draft.blob));
  }

  remove(source: string): Promise<void> {
    return use('readwrite', (objects) => sweep(objects, source));
  }

  touch(source: string): Promise<void> {
    return use('readwrite', async (objects) => {
      const key = await promisifyRequest(objects.getKey(['model', source]));
      this.#lost = key === undefined;
      if (key) await putAll(objects, [[['used', source], Date.now()]]);
    });
  }

  async list(): Promise<StoredEntry[]> {
    const entries = new Map<string, StoredEntry>();
    for (const [[kind, source], value] of await use('readonly', recordsOf)) {
      const entry: StoredEntry = entries.get(source) ?? { source };
      const unreadable = (record: unknown) => {
        entry.unreadable = [...(entry.unreadable ?? []), record];
      };
      if (kind === 'lost') unreadable((value as { record: unknown } | null)?.record);
      else if (kind === 'used') Object.assign(entry, isNumber(value) && { usedAt: value });
      else if (!isKnown(kind, source, value)) unreadable(value);
      else if (kind === 'model') entry.manifest = value as Manifest;
      else entry.draft = value as Draft;
      entries.set(source, entry);
    }
    return [...entries.values()].filter(
      ({ manifest, draft, unreadable }) => manifest ?? draft ?? unreadable,
    );
  }
}

/**
 * Writes as a download of `draft`, unless a later one has superseded it, or `draft` itself is gone and was not `new`:
 * a page that was frozen meanwhile does not know, and must not mix its chunks with another's. A record that cannot be
 * read is kept aside.
 */
function writeAs(draft: Draft, isNew: boolean, entries: [Key, unknown][]): Promise<void> {
  return use('readwrite', async (objects) => {
    const { source, begun = 0 } = draft;
    const stored = readable(
      await promisifyRequest(objects.get(['draft', source])),
      isDraft,
      source,
    );
    if (stored ? (stored.begun ?? 0) > begun : !isNew) throw superseded(draft);
    for (const [[kind, of]] of entries) {
      if (kind !== 'model' && kind !== 'draft') continue;
      const record: unknown = await promisifyRequest(objects.get([kind, of]));
      if (record === undefined || readable<Draft>(record, SHAPES[kind], of)) continue;
      objects.put({ version: 1, record }, ['lost', of, kind]);
    }
    await putAll(objects, entries);
  });
}

/**
 * Deletes all that is stored of `source` and the chunks that nothing else lists, in one transaction, so that no other
 * tab's are among them. A record that cannot be read may list any chunk but those of `source` and of `blob`.
 */
async function sweep(objects: IDBObjectStore, source?: string, blob?: string): Promise<void> {
  const kept = new Set<unknown>();
  const dropped = new Set<unknown>([blob]);
  let known = true;
  for (const [key, value] of await recordsOf(objects)) {
    const [kind, of] = key;
    if (of === source) objects.delete(key);
    else if (kind !== 'used' && kind !== 'lost') known &&= isKnown(kind, of, value);
    (of === source ? dropped : kept).add(blobOf(value));
  }
  for (const key of (await promisifyRequest(objects.getAllKeys())) as unknown as Key[]) {
    const [kind, of] = key;
    if (kind !== 'chunk' || kept.has(of)) continue;
    if (known || dropped.has(of)) objects.delete(key);
  }
  await promisifyRequest(objects.transaction);
}

/** Whether this build can read a record of a kind. */
function isKnown(kind: string, source: string, value: unknown): boolean {
  const is: Shape<Draft> | undefined = SHAPES[kind as keyof typeof SHAPES];
  if (!is) return false;
  return is(value) && value.source === source;
}

/** The key part of the chunks that a record lists. */
const blobOf = (value: unknown) => (value as Partial<Draft> | null | undefined)?.blob;

/** Everything but the chunks. */
async function recordsOf(objects: IDBObjectStore): Promise<[Key, unknown][]> {
  // Keys are arrays, ordered by their first element; 'chunk' comes before 'draft'.
  const range = IDBKeyRange.lowerBound(['draft']);
  const [all, values] = await Promise.all([
    promisifyRequest(objects.getAllKeys(range)),
    promisifyRequest(objects.getAll(range)),
  ]);
  return all.map((key, i) => [key as unknown as Key, values[i] as unknown]);
}

/**
 * Platform fact: on quota overflow WebKit leaves `transaction.error` null; only the request has the reason. So this
 * keeps the request's error, which idb-keyval's own `setMany` does not.
 */
function putAll(objects: IDBObjectStore, entries: [Key, unknown][]): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: unknown = null;
    for (const [key, value] of entries) {
      const request = value === undefined ? objects.delete(key) : objects.put(value, key);
      request.onerror = () => {
        cause = request.error;
      };
    }
    const { transaction } = objects;
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(cause ?? transaction.error);
  });
}

function superseded({ name }: Draft): PocketbitError {
  return new PocketbitError(
    'busy',
    `Another tab has gone on with the download of ${name}. Load it again, to wait for that.`,
  );
}

function storageError(error: unknown): PocketbitError {
  if (error instanceof PocketbitError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return quotaError('The browser has no room left.', error);
  return storageFailure(name || String(error), error);
}

/** The error for a browser that stores nothing, or failed to. */
export function storageFailure(reason: string, cause?: unknown): PocketbitError {
  return new PocketbitError(
    'storage',
    `IndexedDB failed (${reason}). Reload the page, or run from memory: load with \`store: false\`, or with \`store: 'prefer'\` to do so whenever storage fails.`,
    { cause },
  );
}
