import type { PocketbitError } from '@pocketbit/core';
import type { ArrivingChunks } from '../store/chunk-source.ts';
import type { Draft } from '../store/manifest.ts';
import { release } from '../store/release.ts';

/** Chunks held for a reader who is as fast as the network; a slower one reads them from the store. */
const MAX_HELD = 3;
/** How long the download waits for a reader, who may be busy with something else, or done with what it needs. */
const MAX_WAIT_MS = 300;

/** The chunks of a file between its download, which stores them in order, and the one that reads them in order. */
export class ChunkQueue implements ArrivingChunks {
  #draft: Draft | null = null;
  #held = new Map<number, ArrayBuffer>();
  #waiting: (() => void)[] = [];
  /** Whether the reader wants what it has not asked for. */
  #unlimited = false;
  /** The furthest chunk that was asked for; without a reader nobody is waited for. */
  #asked: number | undefined;
  #resume = () => {};
  #over = false;
  #error: PocketbitError | null = null;

  /** `draft` lists the chunks that are stored, and goes on to do so. */
  start(draft: Draft): void {
    this.#draft ??= draft;
  }

  /** The download goes on behind what was asked for. */
  unlimit(): void {
    this.#unlimited = true;
    this.#resume();
  }

  /**
   * Chunk `index` is stored, in a `copied` buffer or in `chunk` itself. A reader who is slower than the network is waited
   * for: what it must read from the store costs more than the wait.
   */
  async put(index: number, chunk: ArrayBuffer, copied: boolean): Promise<void> {
    this.#held.set(index, chunk);
    const passed = this.#held.get(index - MAX_HELD);
    if (passed && copied) release(passed);
    this.#held.delete(index - MAX_HELD);
    this.#wake();
    const wanted = (this.#asked ?? Number.POSITIVE_INFINITY) + (this.#unlimited ? MAX_HELD : 0);
    if (this.#error || index < wanted) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      if (this.#unlimited) setTimeout(resolve, MAX_WAIT_MS);
    });
  }

  /** Waits until chunk `index` is stored. The chunk, if it just came; null when it is to be read from the store. */
  async take(index: number): Promise<ArrayBuffer | null> {
    this.#asked = Math.max(this.#asked ?? 0, index);
    this.#resume();
    while (!this.#over && index >= (this.#draft?.hashes.length ?? 0)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#error) throw this.#error;
    const chunk = this.#held.get(index);
    this.#held.delete(index);
    return chunk ?? null;
  }

  /** No more chunks come: all are stored, or reading fails with `error` from now on. */
  end(error: PocketbitError | null): void {
    this.#over = true;
    this.#error = error ?? this.#error;
    this.#resume();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
