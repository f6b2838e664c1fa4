import type { LoadProgress } from '../protocol.ts';

/** Turns byte counts into progress reports, at most one every 100 ms. Speed is the mean of the last 2 seconds. */
export class ProgressMeter {
  readonly #report: (progress: LoadProgress) => void;
  readonly #phase: LoadProgress['phase'];
  readonly #fromCache: boolean;
  readonly #now: () => number;
  #samples: { at: number; bytes: number }[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    phase: LoadProgress['phase'],
    fromCache: boolean,
    report: (progress: LoadProgress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#phase = phase;
    this.#fromCache = fromCache;
    this.#report = report;
    this.#now = now;
  }

  /** `loaded` and `total` in bytes; the report that reaches the total is never held back. */
  readonly update = (loaded: number, total: number | null): void => {
    const at = this.#now();
    if (loaded !== total && at - this.#last < 100) return;
    this.#last = at;
    this.#samples.push({ at, bytes: loaded });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > 2000) this.#samples.shift();
    const bytesPerSecond = this.#speed();
    this.#report({
      phase: this.#phase,
      loadedBytes: loaded,
      totalBytes: total,
      bytesPerSecond,
      etaMs:
        total !== null && bytesPerSecond > 0 ? ((total - loaded) / bytesPerSecond) * 1000 : null,
      fromCache: this.#fromCache,
    });
  };

  #speed(): number {
    const [first, last] = [this.#samples[0]!, this.#samples.at(-1)!];
    const seconds = (last.at - first.at) / 1000;
    return seconds > 0 ? (last.bytes - first.bytes) / seconds : 0;
  }
}
