import type { PaceReport, PowerMode } from '../protocol.ts';
import { pause } from './pause.ts';

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
  readonly #leastMs: number;
  #sleptMs = 0;
  #lowered = false;

  constructor(mode: PowerMode, drift: Drift, tokensPerSecond?: number) {
    this.#mode = mode;
    this.#drift = drift;
    const rate = tokensPerSecond ?? (mode === 'low' ? LOW_RATE : Number.POSITIVE_INFINITY);
    this.#leastMs = 1000 / rate;
  }

  /** Ends the task after a token that took `ms`, and rests as long as is due; an abort ends the rest. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) this.#drift.take(ms);
    const due = this.#due(ms);
    if (due < 1) return pause();
    const start = performance.now();
    await sleep(due, signal);
    this.#sleptMs += performance.now() - start;
  }

  /** What was done; undefined where nothing could have been. */
  report(): PaceReport | undefined {
    if (this.#mode === 'full' && this.#leastMs === 0) return undefined;
    const { slowdown } = this.#drift;
    return { lowered: this.#lowered, sleptMs: this.#sleptMs, slowdown };
  }

  /** In low power half the time is rest; slowed down, a third. */
  #due(ms: number): number {
    const rate = this.#leastMs - ms;
    const low = this.#mode === 'low';
    const slow = this.#mode === 'auto' && this.#drift.lowered;
    if (low || slow) this.#lowered = true;
    return Math.max(rate, low ? ms : slow ? ms / 2 : 0);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
