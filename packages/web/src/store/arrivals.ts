import { PocketbitError } from '@pocketbit/core';
import type { Follower } from './download.ts';
import type { Draft } from './manifest.ts';

/** Chunks held for a reader who is as fast as the network; a slower one reads them from the store. */
const HELD = 2;

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

  constructor() {
    this.begins = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  begun(draft: Draft): void {
    this.#draft ??= draft;
    this.#begin({ draft, fromCache: false });
    this.#wake();
  }

  kept(index: number, chunk: ArrayBuffer): void {
    this.#held.set(index, chunk);
    for (const old of this.#held.keys()) {
      if (this.#held.size <= HELD) break;
      this.#held.delete(old);
    }
    this.#wake();
  }

  dropped(): void {
    this.stale = this.#draft !== null;
    this.#fail(
      new PocketbitError(
        'network',
        'The file changed while it was being downloaded. Load it again.',
      ),
    );
  }

  /** The download stopped in the middle and is done anew, by another tab perhaps. */
  interrupted(): void {
    if (this.#draft) this.dropped();
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
    this.#wake();
  }

  /** Throws what made reading senseless. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Waits until chunk `index` is kept. The chunk, if it just came; null when it is to be read from the store. */
  async take(index: number): Promise<ArrayBuffer | null> {
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
