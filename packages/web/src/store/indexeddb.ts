import { PocketbitError } from '@pocketbit/core';
import { createStore, del, get, promisifyRequest, type UseStore } from 'idb-keyval';
import type { Draft, Manifest, ModelStore, StoredEntry } from './manifest.ts';
import { quotaError } from './quota.ts';

type Key =
  | [kind: 'model' | 'draft' | 'used', source: string]
  | [kind: 'chunk', blob: string, index: number];

/** The IndexedDB store of this origin, or null where the browser gives none (private mode, disabled). */
export async function openDatabase(): Promise<DatabaseStore | null> {
  if (typeof indexedDB === 'undefined') return null;
  try {
    const use = createStore('pocketbit', 'models');
    await get(['probe'], use);
    return new DatabaseStore(use);
  } catch {
    return null;
  }
}

export class DatabaseStore implements ModelStore {
  readonly kind = 'indexeddb';
  readonly #use: UseStore;

  constructor(use: UseStore) {
    this.#use = use;
  }

  manifest(source: string): Promise<Manifest | undefined> {
    return this.#read<Manifest>(['model', source]);
  }

  draft(source: string): Promise<Draft | undefined> {
    return this.#read<Draft>(['draft', source]);
  }

  async chunk(blob: string, index: number): Promise<ArrayBuffer | undefined> {
    // Platform fact: Chrome stores large values as side files that can go missing; such a read fails, and the chunk
    // counts as lost so that it is fetched again.
    return get<ArrayBuffer>(['chunk', blob, index], this.#use).catch(() => undefined);
  }

  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    return this.#writeAs(draft, index === 0, [
      [['chunk', draft.blob, index], bytes],
      [['draft', draft.source], draft],
    ]);
  }

  replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void> {
    return this.#write([[['chunk', blob, index], bytes]]);
  }

  dropChunk(blob: string, index: number): Promise<void> {
    return del(['chunk', blob, index], this.#use);
  }

  async commit(manifest: Manifest, draft: Draft): Promise<void> {
    await this.#writeAs(draft, draft.hashes.length === 0, [
      [['model', manifest.source], manifest],
      [['draft', draft.source], undefined],
    ]);
    await this.#sweep();
  }

  async discard(draft: Draft): Promise<void> {
    await this.#writeAs(draft, true, [[['draft', draft.source], undefined]]);
    await this.#sweep();
  }

  async remove(source: string): Promise<void> {
    const kinds = ['model', 'draft', 'used'] as const;
    await this.#write(kinds.map((kind) => [[kind, source], undefined]));
    await this.#sweep();
  }

  touch(source: string): Promise<void> {
    return this.#write([[['used', source], Date.now()]]);
  }

  async list(): Promise<StoredEntry[]> {
    const records = await this.#use('readonly', recordsOf).catch((error) => {
      throw storageError(error);
    });
    const entries = new Map<string, StoredEntry>();
    for (const [[kind, source], value] of records) {
      const entry = entries.get(source) ?? { source };
      if (kind === 'model') entry.manifest = value as Manifest;
      if (kind === 'draft') entry.draft = value as Draft;
      if (kind === 'used') entry.usedAt = value as number;
      entries.set(source, entry);
    }
    return [...entries.values()].filter(({ manifest, draft }) => manifest ?? draft);
  }

  /** Deletes the chunks that no model and no draft lists, in one transaction, so that no other tab's are among them. */
  #sweep(): Promise<void> {
    return this.#use('readwrite', async (objects) => {
      const records = await recordsOf(objects);
      const blobs = new Set(records.map(([, value]) => (value as Partial<Draft>).blob));
      const all = (await promisifyRequest(objects.getAllKeys())) as unknown as Key[];
      for (const key of all) if (key[0] === 'chunk' && !blobs.has(key[1])) objects.delete(key);
      await promisifyRequest(objects.transaction);
    });
  }

  #read<T>(key: Key): Promise<T | undefined> {
    return get<T>(key, this.#use).catch((error) => {
      throw storageError(error);
    });
  }

  /**
   * Writes as a download of `draft`, unless a later one has superseded it, or `draft` itself is gone and was not `new`:
   * a page that was frozen meanwhile does not know, and must not mix its chunks with another's.
   */
  #writeAs(draft: Draft, isNew: boolean, entries: [Key, unknown][]): Promise<void> {
    const write = async (objects: IDBObjectStore) => {
      const stored: Draft | undefined = await promisifyRequest(
        objects.get(['draft', draft.source]),
      );
      if (stored ? (stored.begun ?? 0) > (draft.begun ?? 0) : !isNew) throw superseded(draft);
      await putAll(objects, entries);
    };
    return this.#use('readwrite', write).catch((error) => {
      throw storageError(error);
    });
  }

  /** Writes all entries in one transaction; `undefined` deletes. */
  #write(entries: [Key, unknown][]): Promise<void> {
    return this.#use('readwrite', (objects) => putAll(objects, entries)).catch((error) => {
      throw storageError(error);
    });
  }
}

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
