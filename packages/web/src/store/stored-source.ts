import { type ByteSource, PocketbitError } from '@pocketbit/core';
import { digest } from './hash.ts';
import type { Manifest, ModelStore } from './manifest.ts';

/** Fetches a lost or damaged chunk again; null when it cannot be had. */
export type Repair = (index: number) => Promise<ArrayBuffer | null>;

/**
 * Reads a stored model. Each chunk is checked against its hash when it is read, repaired if that fails, and only the
 * latest one is held.
 */
export class StoredSource implements ByteSource {
  readonly size: number;
  /** Set when reading goes forward only: a memory store then gives each passed chunk free. */
  releasePassed = false;
  readonly #store: ModelStore;
  readonly #manifest: Manifest;
  readonly #repair: Repair;
  #held: { index: number; bytes: Uint8Array } | null = null;

  constructor(store: ModelStore, manifest: Manifest, repair: Repair) {
    this.size = manifest.size;
    this.#store = store;
    this.#manifest = manifest;
    this.#repair = repair;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new PocketbitError(
        'bad-model',
        `${this.#manifest.name} has ${this.size} bytes; bytes ${offset} to ${offset + length} were asked for. The file is cut off.`,
      );
    }
    const { chunkBytes } = this.#manifest;
    const first = Math.floor(offset / chunkBytes);
    const start = offset - first * chunkBytes;
    const chunk = await this.#chunk(first);
    if (start + length <= chunk.length) return chunk.subarray(start, start + length);
    return this.#gather(offset, length);
  }

  async #gather(offset: number, length: number): Promise<Uint8Array> {
    const { chunkBytes } = this.#manifest;
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const index = Math.floor((offset + done) / chunkBytes);
      const start = offset + done - index * chunkBytes;
      const piece = (await this.#chunk(index)).subarray(start, start + length - done);
      out.set(piece, done);
      done += piece.length;
    }
    return out;
  }

  async #chunk(index: number): Promise<Uint8Array> {
    if (this.#held?.index === index) return this.#held.bytes;
    const passed = this.#held?.index;
    const bytes = await this.#verified(index);
    this.#held = { index, bytes: new Uint8Array(bytes) };
    if (this.releasePassed && passed !== undefined && this.#store.kind === 'memory') {
      await this.#store.dropChunk(this.#manifest.blob, passed);
    }
    return this.#held.bytes;
  }

  async #verified(index: number): Promise<ArrayBuffer> {
    const { blob, hashes } = this.#manifest;
    const bytes = await this.#store.chunk(blob, index);
    if (bytes && (await digest(bytes)) === hashes[index]) return bytes;
    await this.#store.dropChunk(blob, index);
    const repaired = await this.#repair(index).catch((error: unknown) => {
      throw this.#damaged(index, bytes ? 'damaged' : 'missing', error);
    });
    if (!repaired || (await digest(repaired)) !== hashes[index]) {
      throw this.#damaged(index, bytes ? 'damaged' : 'missing', null);
    }
    await this.#store.replaceChunk(blob, index, repaired);
    return repaired;
  }

  #damaged(index: number, state: string, cause: unknown): PocketbitError {
    if (cause instanceof PocketbitError && cause.code === 'aborted') return cause;
    return new PocketbitError(
      'integrity',
      `Chunk ${index + 1} of ${this.#manifest.hashes.length} of ${this.#manifest.name} is ${state} in the browser's storage and could not be fetched again. Load while online, or delete the stored model.`,
      { cause },
    );
  }
}
