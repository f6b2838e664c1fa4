import { PocketbitError } from '@pocketbit/core';
import type { Clock, Stop } from './clock.ts';
import type { Engine } from './exports.ts';

/** A step of prefill is kept near this long, so that an abort acts soon on slow devices too. */
const STEP_MS = 40;
/**
 * Tokens that go through the layers together. Weights are read once for all of them, so many are fast (1.3 B weights: 39
 * tokens/s by two, 69 by 64); a step is a few layers of them, one at least.
 */
const MIN_SLICE = 8;
const MAX_SLICE = 64;
/** Characters of the longest tokens, runs of spaces mostly. */
const TOKEN_CHARACTERS = 256;

/** The ids in the engine's KV cache. Same ids in any slicing give the same logits, bit for bit. */
export class Context {
  readonly engine: Engine;
  readonly capacity: number;
  readonly #clock: Clock;
  #ids: number[] = [];
  #goal: readonly number[] | null = null;
  #slice = MAX_SLICE;
  /** Milliseconds a layer takes for one token; a first guess makes the first step one layer. */
  #layerMs = STEP_MS;
  /** How long the last appended id took, milliseconds; 0 after a prefill. */
  lastMs = 0;

  constructor(engine: Engine, capacity: number, clock: Clock) {
    this.engine = engine;
    this.#clock = clock;
    this.capacity = capacity;
  }

  get length(): number {
    return this.#ids.length;
  }

  /** The ids the context holds, or is on its way to hold. */
  get goal(): readonly number[] {
    return this.#goal ?? this.#ids;
  }

  /** Says what the context is to hold, before `become` begins with it. Errors: `context-full`. */
  aim(ids: readonly number[]): void {
    this.checkRoom(ids.length);
    this.#goal = ids;
  }

  /**
   * Makes the context exactly `ids`, keeping the longest prefix it already holds; the logits are then those after the
   * last id. Returns how many ids were kept. Stops between slices when aborted.
   */
  async become(ids: readonly number[], signal: Stop): Promise<number> {
    this.aim(ids);
    this.lastMs = 0;
    const kept = Math.min(sharedPrefix(this.#ids, ids), ids.length - 1);
    this.engine.truncate(kept);
    this.#ids.length = kept;
    try {
      await this.#complete(ids, signal);
    } catch (error) {
      this.#goal = null;
      throw error;
    }
    return kept;
  }

  /** Appends what `ids` has beyond the context. */
  async #complete(ids: readonly number[], signal: Stop): Promise<void> {
    while (this.#ids.length < ids.length && !signal.aborted) {
      const start = this.#ids.length;
      await this.#prefill(ids.slice(start, start + this.#slice), signal);
    }
    if (!signal.aborted) this.#goal = null;
  }

  /**
   * Context shift: keeps the first `keep` ids and the later half of the others, and computes them anew, because a cached
   * key holds its position. Costs a prefill of what is kept.
   */
  async shift(keep: number, signal: Stop): Promise<void> {
    const others = this.#ids.slice(keep);
    const kept = [...this.#ids.slice(0, keep), ...others.slice(Math.ceil(others.length / 2))];
    await this.become(kept, signal);
  }

  /** Appends one id and computes its logits. */
  append(id: number): void {
    const start = this.#clock.now();
    this.engine.forward(Uint32Array.of(id));
    this.#ids.push(id);
    this.lastMs = this.#clock.now() - start;
  }

  /**
   * Computes tokens of no meaning behind the context, as far as there is room, and forgets them. Not while a prefill is
   * under way: it would be dropped, and warms the engine itself.
   */
  rehearse(max: number): void {
    const count = Math.min(max, this.capacity - this.length);
    if (count === 0 || this.#goal) return;
    this.engine.forward(new Uint32Array(count));
    this.engine.truncate(this.length);
  }

  /** Keys and values as bytes; null while they are being computed. */
  save(): Uint8Array | null {
    return this.#goal || this.length === 0 ? null : this.engine.saveContext();
  }

  /** Takes saved keys and values. On an error nothing has changed. */
  restore(bytes: Uint8Array): void {
    this.engine.restoreContext(bytes);
    this.#ids = [...this.engine.ids()];
  }

  /** Appends `ids` a few layers at a time; when aborted on the way, nothing of them. */
  async #prefill(ids: number[], signal: Stop): Promise<void> {
    this.engine.begin(Uint32Array.from(ids));
    for (let done = false; !done; ) {
      const layers = Math.max(1, Math.floor(STEP_MS / (this.#layerMs * ids.length)));
      const start = this.#clock.now();
      done = this.engine.advance(layers);
      // A coarse clock may show nothing; a step of all layers is then as good as any.
      this.#layerMs = Math.max(this.#clock.now() - start, 0.1) / (layers * ids.length);
      if (done) this.#ids.push(...ids);
      this.#slice = clamp(Math.floor(STEP_MS / this.#layerMs), MIN_SLICE, MAX_SLICE);
      await this.#clock.pause();
      if (!done && signal.aborted) {
        this.engine.truncate(this.#ids.length);
        return;
      }
    }
  }

  /** Refuses what the context cannot hold: `context-full`, and `bad-model` for nothing at all. */
  checkRoom(length: number): void {
    if (length === 0) {
      throw new PocketbitError(
        'bad-model',
        'The prompt has no tokens; give at least one character.',
      );
    }
    if (length > this.capacity) throw this.#full(`${length} tokens`);
  }

  /** Refuses, before anything is made of them, texts that no context of this size holds. Errors: `context-full`. */
  checkTexts(texts: readonly { content: string }[]): void {
    const characters = texts.reduce((sum, { content }) => sum + content.length, 0);
    const most = clamp(this.capacity * TOKEN_CHARACTERS, 2 ** 20, 2 ** 22);
    if (characters > most || texts.length > this.capacity) {
      throw this.#full(`${characters} characters in ${texts.length} messages`);
    }
  }

  #full(found: string): PocketbitError {
    return new PocketbitError(
      'context-full',
      `The prompt has ${found} and the context holds ${this.capacity} tokens. Shorten it, or load with a larger contextLength.`,
    );
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}

function sharedPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
