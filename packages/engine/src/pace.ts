import type { Clock, Signal } from './clock.ts';

/**
 * Whether tokens come as fast as they can (`full`), at a rate and with rests that spare the battery (`low`), or with
 * rests once the device has grown much slower, which is how heat shows (`auto`).
 */
export type PowerMode = 'full' | 'auto' | 'low';

/** What low power did. */
export interface PaceReport {
  /** Whether the answer was slowed down on purpose, other than by `maxTokensPerSecond`. */
  lowered: boolean;
  /** Time of the rests between tokens, milliseconds. */
  sleptMs: number;
  /** A token's time against the fastest this model has been here. */
  slowdown: number;
}

/** Most tokens a second in low power: about twice the speed of reading. */
const LOW_RATE = 12;
/** Tokens whose median is one measurement. */
const WINDOW = 16;
/** A window this many times slower than the fastest counts as slowed down by heat, and this many as recovered. */
const SLOW = 2;
const RECOVERED = 1.5;
/** Slow windows in a row before anything is done. */
const PATIENCE = 2;

/** The engine's own speed over all its answers, so that one notices when the device slows down. */
export class Drift {
  #window: number[] = [];
  #best = Number.POSITIVE_INFINITY;
  #slowWindows = 0;
  /** The last window against the fastest. */
  slowdown = 1;
  lowered = false;

  /** Takes the time of one token, milliseconds. */
  take(ms: number): void {
    this.#window.push(ms);
    if (this.#window.length < WINDOW) return;
    const middle = this.#window.sort((a, b) => a - b)[WINDOW >> 1]!;
    this.#window = [];
    this.#best = Math.min(this.#best, middle);
    this.slowdown = middle / this.#best;
    this.#slowWindows = this.slowdown >= SLOW ? this.#slowWindows + 1 : 0;
    if (this.#slowWindows >= PATIENCE) this.lowered = true;
    if (this.slowdown <= RECOVERED) this.lowered = false;
  }
}

/** The rests between the tokens of one answer. */
export class Pace {
  readonly #mode: PowerMode;
  readonly #drift: Drift;
  readonly #clock: Clock;
  readonly #minMs: number;
  #sleptMs = 0;
  #lowered = false;

  constructor(mode: PowerMode, drift: Drift, clock: Clock, tokensPerSecond?: number) {
    this.#clock = clock;
    this.#mode = mode;
    this.#drift = drift;
    const rate = tokensPerSecond ?? (mode === 'low' ? LOW_RATE : Number.POSITIVE_INFINITY);
    this.#minMs = 1000 / rate;
  }

  /** Ends the task after a token that took `ms`, and rests as long as is due; an abort ends the rest. */
  async rest(ms: number, signal: Signal): Promise<void> {
    if (ms > 0) this.#drift.take(ms);
    const due = this.#due(ms);
    if (due < 1) return this.#clock.pause();
    const start = this.#clock.now();
    await this.#clock.sleep(due, signal);
    this.#sleptMs += this.#clock.now() - start;
  }

  /** What was done; undefined where nothing could have been. */
  report(): PaceReport | undefined {
    if (this.#mode === 'full' && this.#minMs === 0) return undefined;
    const { slowdown } = this.#drift;
    return { lowered: this.#lowered, sleptMs: this.#sleptMs, slowdown };
  }

  /** In low power half the time is rest; slowed down, a third. */
  #due(ms: number): number {
    const rate = this.#minMs - ms;
    const low = this.#mode === 'low';
    const slow = this.#mode === 'auto' && this.#drift.lowered;
    if (low || slow) this.#lowered = true;
    return Math.max(rate, low ? ms : slow ? ms / 2 : 0);
  }
}
