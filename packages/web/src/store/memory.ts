import { PocketbitError } from '@pocketbit/core';
import type { DatabaseStore } from './indexeddb.ts';
import type { Draft, Manifest, ModelStore } from './manifest.ts';

/**
 * Chunks held in memory for one load: all of them (`store: false`), or those that a database has no room for (`store:
 * 'prefer'`). Once something did not fit, the model is not listed as stored, and what was stored of it is deleted as
 * soon as it is loaded.
 */
export class MemoryStore implements ModelStore {
  #database: DatabaseStore | null;
  readonly #chunks = new Map<string, ArrayBuffer>();
  #full: boolean;

  constructor(database: DatabaseStore | null = null) {
    this.#database = database;
    this.#full = !database;
  }

  get kind() {
    return this.#full ? 'memory' : this.#database!.kind;
  }

  overflow(): void {
    this.#full = true;
  }

  async manifest(source: string): Promise<Manifest | undefined> {
    return this.#read((store) => store.manifest(source));
  }

  async draft(source: string): Promise<Draft | undefined> {
    return this.#read((store) => store.draft(source));
  }

  async chunk(blob: string, index: number): Promise<ArrayBuffer | undefined> {
    return this.#chunks.get(`${blob}/${index}`) ?? this.#database?.chunk(blob, index);
  }

  async putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    const fits = await this.#fits((store) => store.putChunk(draft, index, bytes));
    if (!fits) this.#chunks.set(`${draft.blob}/${index}`, bytes);
  }

  async replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void> {
    const fits = await this.#fits((store) => store.replaceChunk(blob, index, bytes));
    if (!fits) this.#chunks.set(`${blob}/${index}`, bytes);
  }

  async dropChunk(blob: string, index: number): Promise<void> {
    this.#chunks.delete(`${blob}/${index}`);
  }

  async commit(manifest: Manifest, draft: Draft): Promise<void> {
    await this.#fits((store) => store.commit(manifest, draft));
  }

  async discard(draft: Draft): Promise<void> {
    this.#chunks.clear();
    await this.#database?.discard(draft);
  }

  async remove(source: string): Promise<void> {
    this.#chunks.clear();
    await this.#database?.remove(source);
  }

  async touch(source: string): Promise<void> {
    if (!this.#full) return this.#database?.touch(source);
    const draft = await this.draft(source);
    if (draft) await this.#database?.discard(draft);
  }

  /** What the database says; from the first time it cannot say, it is left alone. */
  async #read<T>(read: (store: DatabaseStore) => Promise<T>): Promise<T | undefined> {
    try {
      return this.#database ? await read(this.#database) : undefined;
    } catch {
      this.#database = null;
      this.#full = true;
      return undefined;
    }
  }

  /** Whether the database took it; from the first time it had no room, it is not asked again. */
  async #fits(write: (store: DatabaseStore) => Promise<void>): Promise<boolean> {
    if (!this.#database || this.#full) return false;
    try {
      await write(this.#database);
    } catch (error) {
      const { code } = PocketbitError.from(error);
      if (code !== 'quota' && code !== 'storage') throw error;
      this.#full = true;
    }
    return !this.#full;
  }
}
