import { PocketbitError } from '@pocketbit/core';
import { createStore, del, delMany, get, keys, type UseStore } from 'idb-keyval';
import type { Draft, Manifest, ModelStore } from './manifest.ts';

type Key = [kind: 'model' | 'draft', source: string] | [kind: 'chunk', blob: string, index: number];

/** The IndexedDB store of this origin, or null where the browser gives none (private mode, disabled). */
export async function openDatabase(): Promise<ModelStore | null> {
  if (typeof indexedDB === 'undefined') return null;
  try {
    const use = createStore('pocketbit', 'models');
    await get(['probe'], use);
    return new DatabaseStore(use);
  } catch {
    return null;
  }
}

class DatabaseStore implements ModelStore {
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
    // Platform fact: Chrome keeps large values as side files that can go missing; such a read fails, and the chunk
    // counts as lost so that it is fetched again.
    return get<ArrayBuffer>(['chunk', blob, index], this.#use).catch(() => undefined);
  }

  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    return this.#write([
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

  async commit(manifest: Manifest): Promise<void> {
    const old = await this.manifest(manifest.source);
    await this.#write([[['model', manifest.source], manifest]]);
    await del(['draft', manifest.source], this.#use);
    if (old && old.blob !== manifest.blob) await this.#dropBlob(old.blob);
  }

  async discard(draft: Draft): Promise<void> {
    await del(['draft', draft.source], this.#use);
    await this.#dropBlob(draft.blob);
  }

  async remove(source: string): Promise<void> {
    const [manifest, draft] = [await this.manifest(source), await this.draft(source)];
    await delMany(
      [
        ['model', source],
        ['draft', source],
      ],
      this.#use,
    );
    for (const blob of new Set([manifest?.blob, draft?.blob])) {
      if (blob) await this.#dropBlob(blob);
    }
  }

  async list(): Promise<Manifest[]> {
    const all = await keys<Key>(this.#use);
    const found = all.filter((key) => key[0] === 'model');
    const manifests = await Promise.all(found.map((key) => get<Manifest>(key, this.#use)));
    return manifests.filter((manifest) => manifest !== undefined);
  }

  async #dropBlob(blob: string): Promise<void> {
    const all = await keys<Key>(this.#use);
    await delMany(
      all.filter((key) => key[0] === 'chunk' && key[1] === blob),
      this.#use,
    );
  }

  #read<T>(key: Key): Promise<T | undefined> {
    return get<T>(key, this.#use).catch((error) => {
      throw storageError(error);
    });
  }

  /** Writes all entries in one transaction. */
  #write(entries: [Key, unknown][]): Promise<void> {
    return this.#use('readwrite', (objects) => putAll(objects, entries)).catch((error) => {
      throw storageError(error);
    });
  }
}

/**
 * Platform fact: on quota overflow WebKit leaves `transaction.error` null; only the request has the reason. So this
 * keeps the request's error, which idb-keyval's own `setMany` does not.
 */
function putAll(objects: IDBObjectStore, entries: [Key, unknown][]): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: unknown = null;
    for (const [key, value] of entries) {
      const request = objects.put(value, key);
      request.onerror = () => {
        cause = request.error;
      };
    }
    const { transaction } = objects;
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(cause ?? transaction.error);
  });
}

function storageError(error: unknown): PocketbitError {
  if (error instanceof PocketbitError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') {
    return new PocketbitError(
      'quota',
      'The browser has no room left for this model. Free some disk space or delete a stored model, or load with `store: false` to run from memory.',
      { cause: error },
    );
  }
  return new PocketbitError(
    'storage',
    `IndexedDB failed (${name || String(error)}). Reload the page, or load with \`store: false\`.`,
    { cause: error },
  );
}
