import type { Draft, Kept, Manifest, ModelStore } from './manifest.ts';

/** Chunks kept in memory, for pages without IndexedDB and for `store: false`. Lives for one load. */
export class MemoryStore implements ModelStore {
  readonly kind = 'memory';
  readonly #chunks = new Map<string, ArrayBuffer>();
  readonly #manifests = new Map<string, Manifest>();

  async manifest(source: string): Promise<Manifest | undefined> {
    return this.#manifests.get(source);
  }

  async draft(): Promise<Draft | undefined> {
    return undefined;
  }

  async chunk(blob: string, index: number): Promise<ArrayBuffer | undefined> {
    return this.#chunks.get(`${blob}/${index}`);
  }

  async putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void> {
    this.#chunks.set(`${draft.blob}/${index}`, bytes);
  }

  async replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void> {
    this.#chunks.set(`${blob}/${index}`, bytes);
  }

  async dropChunk(blob: string, index: number): Promise<void> {
    this.#chunks.delete(`${blob}/${index}`);
  }

  async commit(manifest: Manifest): Promise<void> {
    this.#manifests.set(manifest.source, manifest);
  }

  async discard(): Promise<void> {
    this.#chunks.clear();
  }

  async remove(source: string): Promise<void> {
    this.#manifests.delete(source);
    this.#chunks.clear();
  }

  async touch(): Promise<void> {}

  async list(): Promise<Kept[]> {
    return [...this.#manifests.values()].map((manifest) => ({ source: manifest.source, manifest }));
  }
}
