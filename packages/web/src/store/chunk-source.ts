import { type ByteSource, PocketbitError } from '@pocketbit/core';
import { chunkError, intactChunk } from './chunks.ts';
import { isChunk } from './hash.ts';
import type { Draft, ModelStore } from './manifest.ts';
import { release } from './release.ts';

/** Fetches a lost or damaged chunk again; null when it cannot be had. */
export type Repair = (index: number) => Promise<ArrayBuffer | null>;

/** The chunks of a file that is still on its way. */
export interface ArrivingChunks {
  /** Waits until chunk `index` is stored. The chunk, if it just came; null when it is to be read from the store. */
  take(index: number): Promise<ArrayBuffer | null>;
}

/** Chunks that are read and hashed while the engine packs the one before them. */
const READ_AHEAD = 2;

/**
 * Reads a stored model, or one on its way there. Each chunk is checked against its hash when it is read, repaired if
 * that fails, and only the latest one is held, with two on their way when reading goes forward.
 */
export class ChunkSource implements ByteSource {
  readonly size: number;
  #forward = false;
  readonly #store: ModelStore;
  readonly #draft: Draft;
  readonly #repair: Repair;
  readonly #arriving: ArrivingChunks | null;
  #held: { index: number; bytes: Uint8Array<ArrayBuffer> } | null = null;
  #coming = new Map<number, Promise<ArrayBuffer>>();

  /** `draft` is whole, or grows while chunks are `arriving`. */
  constructor(
    store: ModelStore,
    draft: Draft & { size: number },
    repair: Repair,
    arriving: ArrivingChunks | null = null,
  ) {
    this.size = draft.size;
    this.#store = store;
    this.#draft = draft;
    this.#repair = repair;
    this.#arriving = arriving;
  }

  /** From now on reading goes forward only: chunks are read ahead, and each is gone, what was read of it too, with the next. */
  goForward(): void {
    this.#forward = true;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new PocketbitError(
        'bad-model',
        `${this.#draft.name} has ${this.size} bytes; bytes ${offset} to ${offset + length} were asked for. The file is cut off.`,
      );
    }
    const { chunkBytes } = this.#draft;
    const first = Math.floor(offset / chunkBytes);
    const start = offset - first * chunkBytes;
    const chunk = await this.#chunk(first);
    if (start + length <= chunk.length) return chunk.subarray(start, start + length);
    return this.#gather(offset, length);
  }

  async #gather(offset: number, length: number): Promise<Uint8Array> {
    const { chunkBytes } = this.#draft;
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
    const passed = this.#held;
    this.#held = null;
    if (this.#forward && passed) {
      if (this.#store.kind === 'memory') {
        await this.#store.dropChunk(this.#draft.blob, passed.index);
      }
      release(passed.bytes.buffer);
    }
    const bytes = await this.#fetch(index);
    this.#coming.delete(index);
    this.#held = { index, bytes: new Uint8Array(bytes) };
    if (this.#forward) this.readAhead();
    return this.#held.bytes;
  }

  /** Begins with what comes after the chunk that was read last. */
  readAhead(): void {
    const index = this.#held?.index ?? -1;
    const last = Math.min(index + READ_AHEAD, Math.ceil(this.size / this.#draft.chunkBytes) - 1);
    for (const old of this.#coming.keys()) if (old <= index || old > last) this.#coming.delete(old);
    for (let next = index + 1; next <= last; next++) this.#fetch(next).catch(() => {});
  }

  #fetch(index: number): Promise<ArrayBuffer> {
    const known = this.#coming.get(index);
    if (known) return known;
    const coming = this.#verified(index);
    this.#coming.set(index, coming);
    coming.catch(() => this.#coming.delete(index));
    return coming;
  }

  async #verified(index: number): Promise<ArrayBuffer> {
    const arrived = await this.#arriving?.take(index);
    if (arrived) return arrived;
    const draft = this.#draft;
    const { bytes, fault } = await intactChunk(this.#store, draft, index);
    if (bytes) return bytes;
    const advice =
      ' and could not be fetched again. Load while online, or delete the stored model.';
    const failure = (cause?: unknown) => {
      if (cause instanceof PocketbitError && cause.code === 'aborted') return cause;
      return chunkError(draft, index, fault, advice, cause);
    };
    const repaired = await this.#repair(index).catch((error: unknown) => {
      throw failure(error);
    });
    if (!(await isChunk(repaired, draft.hashes[index]))) throw failure();
    // It is read from here in any case; where it cannot be stored, the next load fetches it again.
    await this.#store.replaceChunk(draft.blob, index, repaired!).catch(() => {});
    return repaired!;
  }
}
