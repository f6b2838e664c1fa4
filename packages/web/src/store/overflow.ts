import { PocketbitError } from '@pocketbit/core';
import type { DatabaseStore } from './database.ts';
import type { Draft, Kept, Manifest, ModelStore } from './manifest.ts';
import { MemoryStore } from './memory.ts';

/**
 * Keeps what there is room for and holds the rest in memory (`store: 'prefer'`). Once something did not fit, the model
 * is not listed as stored, and what was kept of it is given back as soon as it is loaded.
 */
export class OverflowStore implements ModelStore {
  readonly #kept: DatabaseStore;
  readonly #held = new MemoryStore();
  #full = false;

  constructor(kept: DatabaseStore) {
    this.#kept = kept;
  }

  /** `memory` from the moment when something did not fit. */
  get kind() {
    return this.#full ? this.#held.kind : this.#kept.kind;
  }

  /** From now on nothing more is kept. */
  overflow(): void {
    this.#full = true;
  }

  manifest(source: string): Promise<Manifest | undefined> {
    return this.#kept.manifest(source);
  }

  draft(source: string): Promise<Draft | undefined> {
    return this.#kept.draft(source);
  }

  async chunk(blob: string, index: number): Promise<ArrayBuffer | undefined> {
    return (await this.#held.chunk(blob, index)) ?? this.#kept.chunk(blob, index);
  }

  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    return this.#try((store) => store.putChunk(draft, index, bytes));
  }

  replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void> {
    return this.#try((store) => store.replaceChunk(blob, index, bytes));
  }

  async dropChunk(blob: string, index: number): Promise<void> {
    await this.#held.dropChunk(blob, index);
  }

  commit(manifest: Manifest, draft: Draft): Promise<void> {
    return this.#try((store) => store.commit(manifest, draft));
  }

  async discard(draft: Draft): Promise<void> {
    await this.#held.discard();
    await this.#kept.discard(draft);
  }

  async remove(source: string): Promise<void> {
    await this.#held.remove(source);
    await this.#kept.remove(source);
  }

  async touch(source: string): Promise<void> {
    if (!this.#full) return this.#kept.touch(source);
    const draft = await this.#kept.draft(source);
    if (draft) await this.#kept.discard(draft);
  }

  list(): Promise<Kept[]> {
    return this.#kept.list();
  }

  async #try(work: (store: ModelStore) => Promise<void>): Promise<void> {
    if (this.#full) return work(this.#held);
    try {
      await work(this.#kept);
    } catch (error) {
      const { code } = PocketbitError.from(error);
      if (code !== 'quota' && code !== 'storage') throw error;
      this.overflow();
      await work(this.#held);
    }
  }
}
