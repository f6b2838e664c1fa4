/** Something that can be timed: runs itself so many times. */
export interface Contender {
  run(times: number): void;
}

/** What timing takes from the environment; times in milliseconds. */
export interface Stopwatch {
  now(): number;
  /** Ends the current task, so that messages are seen. */
  pause(): Promise<void>;
}

/** Smallest time per run that was seen, milliseconds. */
interface Runner {
  readonly contender: Contender;
  /** Runs between two looks at the clock. */
  times: number;
  best: number;
  /** Bursts in a row that were no faster than the best one before. */
  steady: number;
}

const ROUNDS = 5;
/** A burst is this many steps of the clock, so that one step more or less is 5 %. */
const STEPS = 20;
/** Firefox's and Safari's clocks go in steps of 1 ms, Chromium's of 0.1 ms. */
const [MIN_BURST_MS, MAX_BURST_MS] = [1, 6];
const LOOKS_PER_BURST = 16;
/**
 * Measurement: optimised code arrived 1 to 11 ms after a kernel's first run in Node 20 at rest, and on a machine with three
 * busy programs a core after more than two seconds (Chromium 156). Until then a kernel runs at a fourth of its rate, as
 * steadily as later.
 */
const [MIN_WARM_MS, MAX_WARM_MS] = [100, 150];
const STEADY_BURSTS = 3;
const SAME = 0.97;

/** The step of the clock, milliseconds: the smallest of several, since a step may be seen late. */
export function clockStep(now: () => number): number {
  let step = Number.POSITIVE_INFINITY;
  for (let edges = 0, last = nextEdge(now, now()); edges < 4; edges++) {
    const edge = nextEdge(now, last);
    step = Math.min(step, edge - last);
    last = edge;
  }
  return step;
}

/** The first time after `last`; `last` where the clock stands still. */
function nextEdge(now: () => number, last: number): number {
  for (let tries = 0; tries < 1_000_000; tries++) {
    const time = now();
    if (time > last) return time;
  }
  return last;
}

/** Length of a burst that the clock can tell, milliseconds. */
export function burstLength(step: number): number {
  return Math.min(Math.max(STEPS * step, MIN_BURST_MS), MAX_BURST_MS);
}

/** Times contenders against each other on one clock. */
export class Timer {
  readonly #watch: Stopwatch;
  readonly #burstMs: number;

  constructor(watch: Stopwatch) {
    this.#watch = watch;
    this.#burstMs = burstLength(clockStep(watch.now));
  }

  /** Runs all alternately until none becomes faster any more, at most 150 ms; so that what is timed next is optimised code. */
  async warm(contenders: readonly Contender[]): Promise<void> {
    const runners = contenders.map(runnerOf);
    const start = this.#watch.now();
    for (;;) {
      for (const runner of runners) this.#burst(runner);
      await this.#watch.pause();
      const spent = this.#watch.now() - start;
      const steady = runners.every((runner) => runner.steady >= STEADY_BURSTS);
      if (spent > MAX_WARM_MS || (steady && spent > MIN_WARM_MS)) return;
    }
  }

  /** Milliseconds a run takes, the least of several interleaved bursts; in the order of `contenders`. */
  async compare(contenders: readonly Contender[]): Promise<number[]> {
    const runners = contenders.map(runnerOf);
    for (const runner of runners) this.#burst(runner);
    for (const runner of runners) runner.best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      for (const runner of runners) this.#burst(runner);
      await this.#watch.pause();
    }
    return runners.map(({ best }) => best);
  }

  #burst(runner: Runner): void {
    const { now } = this.#watch;
    const start = nextEdge(now, now());
    let runs = 0;
    let elapsed = 0;
    while (elapsed < this.#burstMs) {
      runner.contender.run(runner.times);
      runs += runner.times;
      elapsed = now() - start;
    }
    const perRun = elapsed / runs;
    runner.steady = perRun < runner.best * SAME ? 0 : runner.steady + 1;
    runner.best = Math.min(runner.best, perRun);
    runner.times = Math.max(1, Math.round(this.#burstMs / LOOKS_PER_BURST / perRun));
  }
}

function runnerOf(contender: Contender): Runner {
  return { contender, times: 1, best: Number.POSITIVE_INFINITY, steady: 0 };
}
