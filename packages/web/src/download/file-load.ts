import { PocketbitError } from '@pocketbit/core';
import type { ArrivingChunks, ChunkSource } from '../store/chunk-source.ts';
import type { Draft, Manifest, ModelStore } from '../store/manifest.ts';
import { ChunkQueue } from './chunk-queue.ts';
import type { DownloadObserver } from './download.ts';

/**
 * How far a file is.
 * - `header`: its header is being read, and no more of it is fetched than that takes.
 * - `accepted`: all of it is wanted; it is fetched ahead of what is read.
 * - `streaming`: its weights are read while they arrive.
 * - `complete`: it is whole in the store and is what was expected; whatever is read of it is of that file.
 * - `replaced`: the download started over with another file; what was read is no part of it. `reopen` reads the other one.
 * - `failed`: it does not arrive, or nobody wants it any more.
 */
export type FileState = 'header' | 'accepted' | 'streaming' | 'complete' | 'replaced' | 'failed';

const NEXT: Record<FileState, readonly FileState[]> = {
  header: ['accepted', 'complete', 'replaced', 'failed'],
  accepted: ['streaming', 'complete', 'replaced', 'failed'],
  streaming: ['complete', 'replaced', 'failed'],
  replaced: ['complete', 'failed'],
  complete: ['failed'],
  failed: [],
};

/** What a download came to. */
export interface Found {
  manifest: Manifest;
  /** It was stored before. */
  fromCache: boolean;
}

/** What a file on its way is made of. */
export interface LoadParts {
  /** Key in the store. */
  key: string;
  store: ModelStore;
  /** Ends the download. */
  stop: AbortController;
  /** Reads the file of `draft`; while it is `arriving`, chunks as they come. */
  read(draft: Draft & { size: number }, arriving: ArrivingChunks | null): ChunkSource;
}

/** A model file that is stored, or on its way into the store: one state for its download and its reader. */
export class FileLoad implements DownloadObserver {
  readonly #parts: LoadParts;
  readonly #queue = new ChunkQueue();
  #begin: (found: Found) => void = () => {};
  #state: FileState = 'header';
  #begun = false;
  #error: PocketbitError | null = null;
  #whole: Promise<Manifest> | null = null;
  #source: ChunkSource | null = null;
  #fromCache = false;
  /** Whether the size may be that of the file compressed. */
  unsure = false;

  constructor(parts: LoadParts) {
    this.#parts = parts;
    // A download that is ended waits for no reader.
    parts.stop.signal.addEventListener('abort', () => this.#queue.unlimit());
  }

  get state(): FileState {
    return this.#state;
  }

  get store(): ModelStore {
    return this.#parts.store;
  }

  /** Whether it was stored before it was asked for. */
  get fromCache(): boolean {
    return this.#fromCache;
  }

  /** Whether chunks are still to come for the one that reads. */
  get arriving(): boolean {
    return NEXT[this.#state].includes('replaced');
  }

  /** Resolves when the file is whole and is what was expected. Not before `follow`. */
  get whole(): Promise<Manifest> {
    return this.#whole!;
  }

  /** The bytes of the file, once it is opened; reading waits for what has not arrived yet. */
  get source(): ChunkSource {
    return this.#source!;
  }

  /** Follows the search for the file until it can be read; rejects where it fails before. */
  async follow(finding: Promise<Found>): Promise<void> {
    this.#whole = finding.then(({ manifest }) => manifest);
    // Its failure is met by whoever reads.
    this.#whole.catch(() => {});
    finding.then(
      () => this.#found(),
      (error: unknown) => this.#fail(PocketbitError.from(error)),
    );
    const { manifest, fromCache } = await new Promise<Found>((resolve, reject) => {
      this.#begin = resolve;
      finding.then(resolve, reject);
    });
    this.#fromCache = fromCache;
    this.#source = this.#parts.read(manifest, this.#state === 'complete' ? null : this.#queue);
  }

  started(draft: Draft, unsure = false): void {
    this.#begun = true;
    this.unsure = unsure;
    this.#queue.start(draft);
    this.#begin({ manifest: draft as Manifest, fromCache: false });
  }

  stored(index: number, chunk: ArrayBuffer, copied: boolean): Promise<void> {
    return this.#queue.put(index, chunk, copied);
  }

  restarted(): void {
    if (!this.#begun || this.#state === 'replaced' || this.#state === 'failed') return;
    this.#to('replaced');
    this.#error = new PocketbitError('network', 'The file was replaced. Load it again.');
    this.#queue.end(this.#error);
  }

  /**
   * The file is wanted whole. Without effect where it has arrived already; one that was replaced says so when it is read.
   * Throws why it does not arrive.
   */
  accept(): void {
    if (this.#state === 'complete' || this.#state === 'replaced') return;
    this.#check();
    this.#to('accepted');
    this.#queue.unlimit();
  }

  /** Its weights are about to be read, once and forward. Throws where there is nothing to read of. */
  stream(): void {
    this.#check();
    if (this.#state !== 'complete') this.#to('streaming');
    this.source.goForward();
  }

  /** Waits until the file is whole. Rejects where what was read of it is no part of the file that arrived in the end. */
  async completed(): Promise<Manifest> {
    const manifest = await this.whole;
    this.#check();
    return manifest;
  }

  /** Reads the file that came in place of the one that was begun, once it is whole. */
  async reopen(): Promise<void> {
    const manifest = await this.whole;
    this.#to('complete');
    this.#error = null;
    this.#source = this.#parts.read(manifest, null);
  }

  /** Ends the download; where the file is `bad`, deletes what there is of it. */
  async abandon(bad: boolean): Promise<void> {
    const { key, store, stop } = this.#parts;
    stop.abort();
    const manifest = await this.whole.catch(() => null);
    this.#fail(new PocketbitError('aborted', 'Loading was stopped.'));
    if (!bad) return;
    if (manifest) return store.remove(manifest.source);
    const draft = await store.draft(key);
    if (draft) await store.discard(draft);
  }

  #found(): void {
    if (!this.arriving) return;
    this.#to('complete');
    this.#queue.end(null);
  }

  #fail(error: PocketbitError): void {
    if (this.#state === 'failed') return;
    this.#to('failed');
    this.#error = error;
    this.#queue.end(error);
  }

  /** Throws what made reading senseless. */
  #check(): void {
    if (this.#error) throw this.#error;
  }

  #to(next: FileState): void {
    if (!NEXT[this.#state].includes(next)) throw new Error(`${this.#state} cannot become ${next}`);
    this.#state = next;
  }
}
