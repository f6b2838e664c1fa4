import { PocketbitError } from '@pocketbit/core';
import type { Draft } from '../store/manifest.ts';
import { release } from '../store/release.ts';
import type { Follower } from './download.ts';

/** Chunks held for a reader who is as fast as the network; a slower one reads them from the store. */
const HELD = 3;
/** How long the download waits for a reader, who may be busy with something else, or done with what it needs. */
const PATIENCE_MS = 300;

/** The chunks of a file that is still on its way, for one who reads it in order. */
export class Arrivals implements Follower {
  /** Resolves with the draft once the size is known. */
  readonly begins: Promise<{ draft: Draft; fromCache: boolean }>;
  /** The download started over; what was read before is of another file. */
  stale = false;
  /** Everything has arrived. */
  over = false;
  #draft: Draft | null = null;
  #begin!: (found: { draft: Draft; fromCache: boolean }) => void;
  #failure: PocketbitError | null = null;
  #held = new Map<number, ArrayBuffer>();
  #waiting: (() => void)[] = [];
  /** Whether the reader wants what it has not asked for. */
  #going = false;
  /** The furthest chunk that was asked for; without a reader nobody is waited for. */
  #taken: number | undefined;
  #caughtUp = () => {};

  constructor() {
    this.begins = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  begun(draft: Draft): void {
    this.#draft ??= draft;
    this.#begin({ draft, fromCache: false });
  }

  /** The reader wants all of it; until it says so, the download goes no further than it asks. */
  go(): void {
    this.#going = true;
    this.#caughtUp();
  }

  /** A reader who is slower than the network is waited for: what it must read from the store costs more than the wait. */
  async kept(index: number, chunk: ArrayBuffer, elsewhere: boolean): Promise<void> {
    this.#held.set(index, chunk);
    const passed = this.#held.get(index - HELD);
    if (passed && elsewhere) release(passed);
    this.#held.delete(index - HELD);
    this.#wake();
    const wanted = (this.#taken ?? Number.POSITIVE_INFINITY) + (this.#going ? HELD : 0);
    if (this.#failure || index < wanted) return;
    await new Promise<void>((resolve) => {
      this.#caughtUp = resolve;
      if (this.#going) setTimeout(resolve, PATIENCE_MS);
    });
  }

  dropped(): void {
    if (!this.#draft) return;
    this.stale = true;
    this.#fail(new PocketbitError('network', 'The file was replaced. Load it again.'));
  }

  /** Ends with the download, or fails as it does. */
  follow(finding: Promise<unknown>): void {
    finding.then(
      () => {
        this.over = true;
        this.#wake();
      },
      (error: unknown) => this.#fail(PocketbitError.from(error)),
    );
  }

  #fail(error: PocketbitError): void {
    this.#failure ??= error;
    this.#caughtUp();
    this.#wake();
  }

  /** Throws what made reading senseless. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Waits until chunk `index` is kept. The chunk, if it just came; null when it is to be read from the store. */
  async take(index: number): Promise<ArrayBuffer | null> {
    this.#taken = Math.max(this.#taken ?? 0, index);
    this.#caughtUp();
    while (!this.over && index >= (this.#draft?.hashes.length ?? 0)) {
      this.check();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.check();
    const chunk = this.#held.get(index);
    this.#held.delete(index);
    return chunk ?? null;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
