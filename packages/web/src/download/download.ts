import { PocketbitError } from '@pocketbit/core';
import type { LoadProgress } from '../protocol.ts';
import { digest, RunningHash, sha256 } from '../store/hash.ts';
import { CHUNK_BYTES, type Draft, type Manifest, type ModelStore } from '../store/manifest.ts';
import { checkRoom, outOfRoom } from '../store/quota.ts';
import { Chunker } from './chunker.ts';
import { PlaceError } from './http.ts';
import { Meter } from './progress.ts';
import { Mirrors, PACE, type Pace, refuseAborted } from './retry.ts';
import type { Opened, Origin } from './sources.ts';

/** What the caller knows of a file, lower-case hex. */
export interface Expected {
  /** SHA-256 of the whole file. */
  sha256?: string | undefined;
  /** SHA-256 of each 4 MiB of it, the last may be shorter. */
  chunkSha256?: readonly string[] | undefined;
}

/** One who reads a file while it arrives. */
export interface Follower {
  /** The size is known; what is kept already and what comes is noted in `draft`. */
  begun(draft: Draft): void;
  /** Chunk `index` is kept, and where it is kept is `elsewhere` than in this buffer; the download goes on when this resolves. */
  kept(index: number, chunk: ArrayBuffer, elsewhere: boolean): Promise<void>;
  /** What was kept, if anything, is no part of the file; it begins anew. */
  dropped(): void;
}

export interface DownloadOptions extends Expected {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  follower?: Follower | undefined;
  /** Tests are in more of a hurry. */
  pace?: Partial<Pace>;
  chunkBytes?: number;
}

/**
 * Brings a file into the store: chunk, hash, keep, drop; a chunk is kept before the next is begun, so that no end of the
 * page costs more than one. Goes on from the kept chunks of a broken download; tries again and elsewhere when a place
 * fails. Bytes of two answers are joined only where a validator of the same place or a hash that the caller gave vouches
 * for them.
 * Errors: `network`, `offline`, `aborted`, `quota`, `integrity`, `bad-model`, `storage`.
 */
export function download(
  origin: Origin,
  store: ModelStore,
  options: DownloadOptions,
): Promise<Manifest> {
  return new Download(origin, store, options).run();
}

class Download {
  readonly #origin: Origin;
  readonly #store: ModelStore;
  readonly #options: DownloadOptions;
  readonly #mirrors: Mirrors;
  readonly #meter: Meter;
  readonly #chunkBytes: number;
  #draft: Draft;
  #hash = new RunningHash();
  #chunker: Chunker;
  /** Bytes in the store. */
  #kept = 0;
  /** Answers whose bytes are joined. */
  #answers = 0;
  #again = false;

  constructor(origin: Origin, store: ModelStore, options: DownloadOptions) {
    this.#origin = origin;
    this.#store = store;
    this.#options = options;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    const pace = { ...PACE, ...options.pace };
    this.#mirrors = new Mirrors(origin.places, pace, options.signal);
    this.#meter = new Meter('download', false, options.report);
    this.#draft = this.#fresh();
    this.#chunker = new Chunker(this.#chunkBytes);
  }

  async run(): Promise<Manifest> {
    await this.#resume();
    for (;;) {
      try {
        while (this.#position !== this.#draft.size) await this.#receive();
        return await this.#finish();
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  get #position(): number {
    return this.#kept + this.#chunker.filled;
  }

  #fresh(): Draft {
    const { source, name, places } = this.#origin;
    return {
      version: 1,
      source,
      name,
      size: null,
      chunkBytes: this.#chunkBytes,
      hashes: [],
      blob: blobKey(),
      etag: null,
      begun: Date.now(),
      ...(places.length > 1 && { urls: places.map(({ address }) => address) }),
    };
  }

  /** Takes up the draft of an earlier try, as far as its chunks are still there and intact. */
  async #resume(): Promise<void> {
    const draft = await this.#store.draft(this.#origin.source);
    if (!draft || draft.chunkBytes !== this.#chunkBytes) return;
    const { urls } = this.#draft;
    const begun = Math.max(Date.now(), (draft.begun ?? 0) + 1);
    this.#draft = { ...draft, hashes: [], begun, ...(urls && { urls }) };
    for (const [index, expected] of draft.hashes.entries()) {
      refuseAborted(this.#options.signal);
      const bytes = await this.#store.chunk(draft.blob, index);
      if (!bytes || (await digest(bytes)) !== expected) break;
      const whole = this.#kept + bytes.byteLength === draft.size;
      if (bytes.byteLength < draft.chunkBytes && !whole) break;
      this.#note(expected, bytes);
    }
    if (this.#kept > 0) this.#answers = 1;
    if (draft.size !== null) this.#options.follower?.begun(this.#draft);
  }

  #note(hash: string, bytes: ArrayBuffer): void {
    this.#hash.update(bytes);
    this.#draft.hashes.push(hash);
    this.#kept += bytes.byteLength;
  }

  /** One answer of one place. */
  async #receive(): Promise<void> {
    const { place } = this.#mirrors;
    const validator = this.#draft.from === place.address ? this.#draft.etag : null;
    const accept = (opened: Opened) => this.#align(opened, place.address);
    for await (const part of this.#mirrors.read(this.#position, validator, accept)) {
      const { size } = this.#draft;
      if (size !== null && this.#position + part.length > size) throw this.#changed(place.address);
      for (const chunk of this.#chunker.push(part)) await this.#keep(chunk);
      this.#mirrors.arrived(this.#position);
      this.#meter.update(this.#position, size);
    }
    if (this.#draft.size === null) this.#draft.size = this.#position;
    if (this.#position === this.#draft.size) return;
    throw new PlaceError(
      'network',
      `${place.address} broke off at ${this.#position} of ${this.#draft.size} bytes. Load again: what has arrived is kept.`,
    );
  }

  /** Sees to it that the answer goes on where the download stands, or starts over with it. */
  async #align(opened: Opened, address: string): Promise<void> {
    if (this.#position > 0 && opened.offset === this.#position && !this.#joins(opened, address)) {
      throw this.#changed(address);
    }
    if (this.#position > 0 && opened.offset === 0) await this.#startOver();
    if (opened.offset !== this.#position) {
      throw new PlaceError(
        'network',
        `${address} answered with the file from byte ${opened.offset}; asked for it from ${this.#position}.`,
      );
    }
    const begins = this.#draft.size === null;
    this.#answers++;
    this.#draft.size ??= opened.size;
    this.#draft.etag = opened.validator;
    this.#draft.from = address;
    await checkRoom(this.#draft, this.#position, this.#store);
    if (begins && this.#draft.size !== null) this.#options.follower?.begun(this.#draft);
  }

  /** Whether the bytes of an answer belong to the file that is kept so far. */
  #joins({ size, validator }: Opened, address: string): boolean {
    const draft = this.#draft;
    if (size !== null && draft.size !== null && size !== draft.size) return false;
    if (draft.from === address && draft.etag && validator) return draft.etag === validator;
    const { sha256, chunkSha256 } = this.#options;
    return Boolean(sha256 || chunkSha256);
  }

  async #keep(chunk: ArrayBuffer): Promise<void> {
    const { hashes } = this.#draft;
    const index = hashes.length;
    if (index === 0) checkMagic(chunk, this.#draft);
    const hash = await digest(chunk);
    await this.#checkChunk(index, chunk);
    await this.#store.putChunk({ ...this.#draft, hashes: [...hashes, hash] }, index, chunk);
    this.#note(hash, chunk);
    await this.#options.follower?.kept(index, chunk, this.#store.kind !== 'memory');
  }

  async #checkChunk(index: number, chunk: ArrayBuffer): Promise<void> {
    const expected = this.#options.chunkSha256;
    if (!expected) return;
    const hash = await sha256(new Uint8Array(chunk));
    if (expected[index]?.toLowerCase() === hash) return;
    throw new PlaceError(
      'integrity',
      `Chunk ${index + 1} of ${this.#draft.name} has SHA-256 ${hash}, expected ${expected[index] ?? 'none'}. The file was changed or replaced; load it again or correct the checksum.`,
    );
  }

  #checkCount(): void {
    const [found, expected] = [this.#draft.hashes.length, this.#options.chunkSha256?.length];
    if (expected === undefined || expected === found) return;
    throw new PocketbitError(
      'integrity',
      `${this.#draft.name} has ${found} chunks and there are checksums for ${expected}. Correct the checksums.`,
    );
  }

  /** After a failure: keeps what is whole, forgets what is not, and goes on elsewhere or throws. */
  async #recover(error: unknown): Promise<void> {
    if (error instanceof PlaceError && error.stale) await this.#startOver();
    const full = outOfRoom(error, this.#draft, this.#kept);
    // A part that fills the disk is in the way of everything else.
    if (full) await this.#store.discard(this.#draft);
    await this.#mirrors.next(full ?? error);
    this.#meter.update(this.#position, this.#draft.size);
  }

  async #startOver(): Promise<void> {
    await this.#store.discard(this.#draft);
    this.#options.follower?.dropped();
    this.#draft = this.#fresh();
    this.#hash = new RunningHash();
    this.#chunker.drop();
    this.#kept = this.#answers = 0;
  }

  async #finish(): Promise<Manifest> {
    const rest = this.#chunker.rest();
    if (rest) await this.#keep(rest);
    this.#checkCount();
    const sha256 = this.#hash.finish();
    const expected = this.#options.sha256?.toLowerCase();
    if (expected && expected !== sha256) await this.#mismatch(sha256, expected);
    const draft = this.#draft;
    const source = this.#origin.keyOf?.(this.#kept, sha256) ?? draft.source;
    const manifest = { ...draft, source, size: this.#kept, sha256, storedAt: Date.now() };
    await this.#store.commit(manifest, draft);
    return manifest;
  }

  /** Wrong bytes are not kept. Where they came in several answers, one of those may be to blame, so it is tried anew. */
  async #mismatch(sha256: string, expected: string): Promise<never> {
    const joined = this.#answers > 1 && !this.#again;
    this.#again = true;
    await this.#startOver();
    const message = `${this.#draft.name} has SHA-256 ${sha256}, expected ${expected}. The file was changed or replaced; load it again or correct the checksum.`;
    throw joined ? new PlaceError('integrity', message) : new PocketbitError('integrity', message);
  }

  #changed(address: string): PlaceError {
    return new PlaceError(
      'network',
      `${address} has another file than before, or cannot show that it has not. Load it again.`,
      { stale: true },
    );
  }
}

function checkMagic(chunk: ArrayBuffer, draft: Draft): void {
  const found = String.fromCharCode(...new Uint8Array(chunk.slice(0, 4)));
  if (found === 'GGUF') return;
  throw new PlaceError(
    'bad-model',
    `${draft.name} is not a GGUF model: it starts with ${JSON.stringify(found)}, expected "GGUF". Choose a .gguf file.`,
    { lasting: true },
  );
}

function blobKey(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join('-');
}
