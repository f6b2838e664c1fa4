import type { KernelFamily } from '@pocketbit/core';
import type { EngineExports, KernelTrial } from './exports.ts';
import {
  type ForcedKernels,
  forcedPicks,
  type KernelNeed,
  type KernelPick,
  type SizeClass,
} from './kernels.ts';
import { type Stopwatch, Timer } from './timing.ts';

/**
 * Which kernels multiply by the weights. `auto` (default) times those the artifact has and stores the timings, `default`
 * takes the artifact's own order, and an object names them by family. It changes speed, never a bit of an answer.
 */
export type KernelOptions = 'auto' | 'default' | ForcedKernels;

/** The rate of a kernel on a random matrix of `rows` × `k`. */
export interface KernelTiming {
  family: KernelFamily;
  size: SizeClass;
  /** 1 as in decode, more as in prefill. */
  tokens: number;
  rows: number;
  k: number;
  kernel: string;
  /** 10^9 multiply-adds a second. */
  gmacs: number;
  /** 10^9 bytes of weights a second. */
  gbs: number;
  /** Loads that timed it; the rates are the best of them. */
  loads: number;
}

/** Where timings are stored between loads. Neither method rejects. */
export interface TimingStore {
  read(): Promise<KernelTiming[]>;
  write(timings: readonly KernelTiming[]): Promise<void>;
}

/** What choosing needs of the engine's exports. */
export type KernelBench = Pick<EngineExports, 'kernelNames' | 'Trial'>;

/** A matrix for a trial, and how many rows of input it gets. */
export interface TrialShape {
  readonly family: KernelFamily;
  readonly rows: number;
  readonly k: number;
  readonly tokens: number;
}

/** A trial of the kernel of this name: a GEMV for one token, else a GEMM, which reads the layout of `gemv`. */
export function trialOf(
  { Trial }: Pick<KernelBench, 'Trial'>,
  { family, rows, k, tokens }: TrialShape,
  kernel: string,
  gemv = '',
): KernelTrial {
  return tokens === 1
    ? new Trial(family, rows, k, tokens, kernel, '')
    : new Trial(family, rows, k, tokens, gemv, kernel);
}

/** Kernels of one family that are compared on one shape. */
interface Race {
  readonly family: KernelFamily;
  readonly size: SizeClass;
  readonly tokens: number;
}

/** Rows and K that stand for a size: weights within a core's cache, and beyond the second level of most. */
const SHAPES: Record<SizeClass, readonly [rows: number, k: number]> = {
  small: [256, 1024],
  large: [1024, 2048],
};
const PREFILL_TOKENS = 64;
/** A kernel takes the default's place when it is faster by more than the noise. */
const FASTER = 0.95;
/** Longest a load waits for a measurement; what it leaves out is measured at the next load. */
const BUDGET_MS = 300;

/** Chooses kernels by timing them, once for an engine, build and artifact, as far as `store` holds the timings. */
export class KernelChooser {
  readonly #bench: KernelBench;
  readonly #watch: Stopwatch;
  readonly #store: TimingStore | null;
  timings: KernelTiming[];

  private constructor(bench: KernelBench, watch: Stopwatch, store: TimingStore | null) {
    this.#bench = bench;
    this.#watch = watch;
    this.#store = store;
    this.timings = [];
  }

  /** With the timings of `store`; null stores none. */
  static async open(
    bench: KernelBench,
    watch: Stopwatch,
    store: TimingStore | null,
  ): Promise<KernelChooser> {
    const chooser = new KernelChooser(bench, watch, store);
    chooser.timings = (await store?.read()) ?? [];
    return chooser;
  }

  /** The kernels for these matrices by what is known; by default the artifact's own. */
  picks(needs: readonly KernelNeed[], options: KernelOptions = 'auto'): KernelPick[] {
    if (typeof options === 'object') return this.forced(options);
    const known = options === 'default' ? [] : this.timings;
    return needs.map(({ family, size }) => ({
      family,
      size,
      gemv: this.#winner({ family, size, tokens: 1 }, known),
      gemm: this.#winner({ family, size: 'small', tokens: PREFILL_TOKENS }, known),
    }));
  }

  /** Whether some of these matrices were timed, here or in an earlier load. */
  knows(needs: readonly KernelNeed[]): boolean {
    return needs.some(({ family }) => this.timings.some((timing) => timing.family === family));
  }

  /** Throws `unsupported` for kernels the artifact lacks. */
  forced(kernels: ForcedKernels): KernelPick[] {
    return forcedPicks(kernels, this.#bench.kernelNames);
  }

  /**
   * Times what fewer than `loads` loads have timed of these matrices, the heaviest first, while `going`, and at most about
   * 300 ms. A failure leaves the defaults.
   */
  async measure(
    needs: readonly KernelNeed[],
    going: () => boolean,
    loads: number = 1,
  ): Promise<void> {
    const races = this.#races(needs, loads);
    if (races.length === 0 || !going()) return;
    try {
      await this.#run(races, going);
      await this.#store?.write(this.timings);
    } catch {
      // A kernel that cannot be timed is not chosen.
    }
  }

  /** The GEMV whose layout a GEMM of this race reads. */
  #layoutOf({ family }: Race): string {
    const timed = this.timings.some((timing) => same(timing, { family, size: 'large', tokens: 1 }));
    const size = timed ? 'large' : 'small';
    return this.#winner({ family, size, tokens: 1 }, this.timings);
  }

  async #run(races: readonly Race[], going: () => boolean): Promise<void> {
    const start = this.#watch.now();
    const timer = new Timer(this.#watch);
    await this.#warm(races, timer);
    for (const [i, race] of races.entries()) {
      // The first is timed even where a busy machine took the whole budget to warm up: else no load would ever learn.
      const over = i > 0 && this.#watch.now() - start > BUDGET_MS;
      if (!going() || over) return;
      this.#record(race, await this.#timed(race, timer));
    }
  }

  /** What disturbs a machine only slows it down, so of several loads the best rates count. */
  #record(race: Race, timings: readonly KernelTiming[]): void {
    const best = timings.map((timing) => {
      const old = this.timings.find((known) => same(race, known) && known.kernel === timing.kernel);
      if (!old) return timing;
      const [gmacs, gbs] = [Math.max(old.gmacs, timing.gmacs), Math.max(old.gbs, timing.gbs)];
      return { ...timing, gmacs, gbs, loads: old.loads + 1 };
    });
    this.timings = [...this.timings.filter((known) => !same(race, known)), ...best];
  }

  /** Comparisons that are still to be made. Prefill goes by blocks, so one shape speaks for all. */
  #races(needs: readonly KernelNeed[], loads: number): Race[] {
    const races = needs.flatMap(({ family, size }): Race[] => [
      { family, size, tokens: 1 },
      { family, size: 'small', tokens: PREFILL_TOKENS },
    ]);
    const distinct = races.filter((race, i) => races.findIndex((other) => same(race, other)) === i);
    return distinct.filter(
      (race) =>
        this.#contenders(race).length > 1 &&
        !this.timings.some((timing) => same(race, timing) && timing.loads >= loads),
    );
  }

  /** The specification never wins; it is timed where there is nothing else. */
  #contenders({ family, tokens }: Race): string[] {
    const names = this.#bench.kernelNames(family, tokens);
    return names.filter((name, i) => i === 0 || name !== 'scalar');
  }

  /** The kernels' code is the same for all shapes, so small matrices bring it to the engine's optimising tier. */
  #warm(races: readonly Race[], timer: Timer): Promise<void> {
    const small = races.map((race): Race => ({ ...race, size: 'small' }));
    return this.#withTrials(small, (trials) => timer.warm(trials));
  }

  #timed(race: Race, timer: Timer): Promise<KernelTiming[]> {
    const [rows, k] = SHAPES[race.size];
    return this.#withTrials([race], async (trials) => {
      const times = await timer.compare(trials);
      return trials.map(({ macs, bytes }, i) => ({
        ...race,
        rows,
        k,
        kernel: this.#contenders(race)[i]!,
        gmacs: macs / times[i]! / 1e6,
        gbs: bytes / times[i]! / 1e6,
        loads: 1,
      }));
    });
  }

  async #withTrials<T>(
    races: readonly Race[],
    work: (trials: readonly KernelTrial[]) => Promise<T>,
  ): Promise<T> {
    const trials: KernelTrial[] = [];
    try {
      for (const race of races) {
        const [rows, k] = SHAPES[race.size];
        for (const kernel of this.#contenders(race)) {
          trials.push(trialOf(this.#bench, { ...race, rows, k }, kernel, this.#layoutOf(race)));
        }
      }
      return await work(trials);
    } finally {
      for (const trial of trials) trial.free();
    }
  }

  #winner(race: Race, timings: readonly KernelTiming[]): string {
    const fallback = this.#bench.kernelNames(race.family, race.tokens)[0]!;
    const rates = timings.filter((timing) => same(race, timing));
    const usual = rates.find(({ kernel }) => kernel === fallback);
    const [best] = rates.sort((a, b) => b.gmacs - a.gmacs);
    return usual && best && usual.gmacs < best.gmacs * FASTER ? best.kernel : fallback;
  }
}

function same(a: Race, b: Race): boolean {
  return a.family === b.family && a.size === b.size && a.tokens === b.tokens;
}
