import { PocketbitError } from '@pocketbit/core';
import { refuseAborted } from '../abort.ts';
import type { LoadProgress } from '../protocol.ts';
import { intactChunk } from '../store/chunks.ts';
import { digest, RunningHash, sha256 } from '../store/hash.ts';
import { CHUNK_BYTES, type Draft, type Manifest, type ModelStore } from '../store/manifest.ts';
import { checkQuota, quotaFailure } from '../store/quota.ts';
import { Chunker } from './chunker.ts';
import { type Checksums, continuity } from './continuity.ts';
import { checkHeader } from './header-check.ts';
import { type Answer, SourceError } from './http.ts';
import { ProgressMeter } from './progress.ts';
import { RETRY_LIMITS, RetryingSources, type RetryLimits } from './retry.ts';
import type { SourceFile } from './sources.ts';

/** Follows a download, to read its file while it arrives. */
export interface DownloadObserver {
  /** The size is known, or `unsure`; `draft` lists the chunks that are stored, and goes on to do so. */
  started(draft: Draft, unsure: boolean): void;
  /** Chunk `index` is stored, in a `copied` buffer or in `chunk` itself; the download goes on when this resolves. */
  stored(index: number, chunk: ArrayBuffer, copied: boolean): Promise<void>;
  /** What was stored, if anything, is no part of the file; the download starts over. */
  restarted(): void;
}

export interface DownloadOptions extends Checksums {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  observer?: DownloadObserver | undefined;
  retry?: Partial<RetryLimits>;
  chunkBytes?: number;
}

/**
 * Brings a file into the store: chunk, hash, store, drop. A chunk is stored before the next is begun, so that no end of
 * the page costs more than one. Goes on from the stored chunks of a broken download; tries again and elsewhere when a
 * source fails. Bytes of two answers are joined only where a validator of the same source or a hash that the caller gave
 * vouches for them. What is stored stays there until a chunk of what replaces it has arrived.
 * Errors: `network`, `offline`, `aborted`, `quota`, `integrity`, `bad-model`, `storage`.
 */
export function download(
  file: SourceFile,
  store: ModelStore,
  options: DownloadOptions,
): Promise<Manifest> {
  return new Download(file, store, options).run();
}

class Download {
  readonly #file: SourceFile;
  readonly #store: ModelStore;
  readonly #options: DownloadOptions;
  readonly #sources: RetryingSources;
  readonly #meter: ProgressMeter;
  readonly #chunkBytes: number;
  #draft: Draft;
  /** What is in the store of another file, until a chunk of this one is. */
  #old: Draft | null = null;
  #hash = new RunningHash();
  #chunker: Chunker;
  /** Bytes in the store. */
  #stored = 0;
  /** Where the last tensor ends, by the header; infinite as long as that is not known. */
  #dataEnd = Number.POSITIVE_INFINITY;
  /** Answers whose bytes are joined. */
  #answers = 0;
  #again = false;
  /** The whole file is to be asked for: the rest of it was not to be had. */
  #anew = false;
  /** Refusals to join another source's bytes since something new arrived. */
  #foreign = 0;
  /** Where a body of a size that is not sure ended before that. */
  #short = 0;

  constructor(file: SourceFile, store: ModelStore, options: DownloadOptions) {
    this.#file = file;
    this.#store = store;
    this.#options = options;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    const limits = { ...RETRY_LIMITS, ...options.retry };
    this.#sources = new RetryingSources(file.sources, limits, options.signal);
    this.#meter = new ProgressMeter('download', false, options.report);
    this.#draft = this.#newDraft();
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
    return this.#stored + this.#chunker.filled;
  }

  #newDraft(): Draft {
    const { key, name, sources } = this.#file;
    return {
      version: 1,
      source: key,
      name,
      size: null,
      chunkBytes: this.#chunkBytes,
      hashes: [],
      blob: blobKey(),
      etag: null,
      begun: Date.now(),
      ...(sources.length > 1 && { urls: sources.map(({ address }) => address) }),
    };
  }

  /** Goes on with the draft of an earlier try, as far as its chunks are still there and intact. */
  async #resume(): Promise<void> {
    const draft = await this.#store.draft(this.#file.key);
    if (!draft || draft.chunkBytes !== this.#chunkBytes) return;
    const { urls } = this.#draft;
    const begun = Math.max(Date.now(), (draft.begun ?? 0) + 1);
    this.#draft = { ...draft, hashes: [], begun, ...(urls && { urls }) };
    for (const [index, expected] of draft.hashes.entries()) {
      refuseAborted(this.#options.signal);
      if (this.#file.holds && !(await this.#file.holds(draft, index))) break;
      const { bytes } = await intactChunk(this.#store, draft, index);
      if (!bytes) break;
      const whole = this.#stored + bytes.byteLength === draft.size;
      if (bytes.byteLength < draft.chunkBytes && !whole) break;
      this.#note(expected, bytes);
    }
    if (this.#stored > 0) this.#answers = 1;
    if (draft.size !== null) this.#options.observer?.started(this.#draft, true);
  }

  #note(hash: string, bytes: ArrayBuffer): void {
    this.#hash.update(bytes);
    this.#draft.hashes.push(hash);
    this.#stored += bytes.byteLength;
  }

  /** One answer of one source. */
  async #receive(): Promise<void> {
    const { address } = this.#sources.current;
    const start = this.#anew ? 0 : this.#position;
    const validator = this.#draft.from === address ? this.#draft.etag : null;
    let answer!: Answer;
    let at = 0;
    const accept = async (given: Answer) => {
      await this.#accept(given, address);
      answer = given;
      at = given.offset;
    };
    for await (const part of this.#sources.readModel(start, validator, accept)) {
      const known = this.#position - at;
      at += part.length;
      if (part.length > known) await this.#take(part.subarray(known), answer, address);
    }
    if (at === this.#position) this.#end(answer);
    if (this.#position === this.#draft.size) return;
    throw new SourceError(
      'network',
      `${address} broke off at ${at} of ${this.#draft.size ?? 'unknown'} bytes. Load again: what has arrived is kept.`,
    );
  }

  /** Takes an answer that goes on where the download stands, or starts over with it. */
  async #accept(answer: Answer, address: string): Promise<void> {
    const found = continuity(this.#draft, this.#position, answer, address, this.#options);
    if (found === 'foreign') throw this.#foreignFile(address);
    if (found === 'restart') this.#startOver();
    this.#anew = false;
    const starts = this.#draft.size === null;
    this.#answers++;
    this.#draft.size ??= answer.size;
    this.#draft.etag = answer.validator;
    this.#draft.from = address;
    const replaced = (this.#old?.hashes.length ?? 0) * this.#chunkBytes;
    await checkQuota(this.#draft, this.#position + replaced, this.#store);
    if (starts && this.#draft.size !== null) {
      this.#options.observer?.started(this.#draft, answer.unsure ?? false);
    }
  }

  async #take(part: Uint8Array, answer: Answer, address: string): Promise<void> {
    if (this.#draft.size !== null && this.#position + part.length > this.#draft.size) {
      if (!answer.unsure) throw this.#foreignFile(address);
      // What was said is the size of a compressed body.
      this.#draft.size = null;
      this.#options.observer?.restarted();
    }
    for (const chunk of this.#chunker.push(part)) await this.#put(chunk);
    this.#foreign = 0;
    this.#sources.progressed(this.#position);
    this.#meter.update(this.#position, this.#draft.size);
  }

  /** A body has ended where the download stands: the end of the file, where nothing else says where that is. */
  #end({ offset, size, unsure }: Answer): void {
    const { size: expected } = this.#draft;
    // Platform fact: Firefox ends a body without an error also where its connection broke. One that ends twice at one place
    // is whole, and what was said the size of it compressed.
    const again = unsure && offset === 0 && this.#short === this.#position;
    if (again || (expected === null && this.#position > offset)) this.#draft.size = this.#position;
    if (size !== null && offset === 0) this.#short = this.#position;
  }

  /**
   * A source does not go on with what has arrived. Where that is of another source, which may yet go on with it, that one
   * comes first; else the file is asked for anew.
   */
  #foreignFile(address: string): SourceError {
    const { from } = this.#draft;
    const stale = from === address || !this.#sources.usable(from) || this.#foreign++ > 0;
    return new SourceError(
      'network',
      `${address} has another file than before, or cannot show that it has not. Load it again.`,
      { stale },
    );
  }

  async #put(chunk: ArrayBuffer): Promise<void> {
    const { hashes } = this.#draft;
    const index = hashes.length;
    const hash = await digest(chunk);
    await this.#checkChunk(index, chunk);
    await this.#discardOld();
    await this.#store.putChunk({ ...this.#draft, hashes: [...hashes, hash] }, index, chunk);
    this.#note(hash, chunk);
    this.#dataEnd = await checkHeader(this.#store, this.#draft, this.#stored, this.#dataEnd).catch(
      (error) => this.#refuse(error),
    );
    await this.#options.observer?.stored(index, chunk, this.#store.kind !== 'memory');
  }

  async #checkChunk(index: number, chunk: ArrayBuffer): Promise<void> {
    const expected = this.#options.chunkSha256;
    if (!expected) return;
    const hash = await sha256(new Uint8Array(chunk));
    if (expected[index]?.toLowerCase() === hash) return;
    throw new SourceError(
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

  /** After a failure: drops what is not whole and goes on elsewhere, or throws. */
  async #recover(error: unknown): Promise<void> {
    this.#anew = error instanceof SourceError && error.stale;
    const full = quotaFailure(error, this.#draft, this.#stored);
    // A part that fills the disk is in the way of everything else.
    if (full) await this.#store.discard(this.#draft);
    await this.#sources.retry(full ?? error, this.#position > 0 || this.#old !== null);
    this.#meter.update(this.#position, this.#draft.size);
  }

  /** What has arrived is no part of the file; it is kept until a chunk of that is there. */
  #startOver(): void {
    if (this.#stored > 0) this.#old ??= this.#draft;
    this.#options.observer?.restarted();
    this.#draft = this.#newDraft();
    this.#hash = new RunningHash();
    this.#dataEnd = Number.POSITIVE_INFINITY;
    this.#chunker.drop();
    this.#stored = this.#answers = 0;
  }

  async #discardOld(): Promise<void> {
    if (this.#old) await this.#store.discard(this.#old);
    this.#old = null;
  }

  /** What has arrived is no model, by its own bytes: it goes. Another source may have one. */
  async #refuse(error: unknown): Promise<never> {
    this.#startOver();
    await this.#discardOld();
    throw error;
  }

  async #finish(): Promise<Manifest> {
    const rest = this.#chunker.rest();
    if (rest) await this.#put(rest);
    this.#checkCount();
    const sha256 = this.#hash.finish();
    const expected = this.#options.sha256?.toLowerCase();
    if (expected && expected !== sha256) await this.#mismatch(sha256, expected);
    const draft = this.#draft;
    const source = this.#file.keyOf?.(this.#stored, sha256) ?? draft.source;
    const manifest = { ...draft, source, size: this.#stored, sha256, storedAt: Date.now() };
    await this.#store.commit(manifest, draft);
    return manifest;
  }

  /** Wrong bytes are discarded. Where they came in several answers, one of those may be to blame, so it is tried anew. */
  async #mismatch(sha256: string, expected: string): Promise<never> {
    const joined = this.#answers > 1 && !this.#again;
    this.#again = true;
    this.#startOver();
    await this.#discardOld();
    const message = `${this.#draft.name} has SHA-256 ${sha256}, expected ${expected}. The file was changed or replaced; load it again or correct the checksum.`;
    throw joined ? new SourceError('integrity', message) : new PocketbitError('integrity', message);
  }
}

function blobKey(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join('-');
}
