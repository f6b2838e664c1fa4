import type { KernelFamily } from '@pocketbit/core';
import {
  type KernelBench,
  KernelChooser,
  type KernelOptions,
  type KernelTiming,
  type TimingStore,
} from './chooser.ts';
import type { Clock, Stop } from './clock.ts';
import { type KernelNeed, type KernelPick, kernelNeeds, type SizeClass } from './kernels.ts';
import type { SizedPlan } from './memory.ts';

/** What decided: the caller, timings, or, where nothing was timed, the artifact's own order. */
export type ChosenBy = 'forced' | 'timings' | 'default';

/** Loading this much takes longer than timing kernels; a smaller model is ready sooner and has them timed when idle. */
const LARGE_MODEL_BYTES = 32 * 2 ** 20;

/** A source that answers within this time is the browser's own storage, and there is nothing to wait for. */
const GRACE_MS = 250;

/** Loads after which the timings of an engine are believed. */
const CONFIRMED_LOADS = 3;

const need = (family: KernelFamily, size: SizeClass): KernelNeed => ({ family, size, weights: 0 });
/** What most models have; timed while a download runs, before its header says more. */
const COMMON: readonly KernelNeed[] = [need('ternary', 'large'), need('int8', 'large')];

/** How one load comes to its kernels, and when it times them: never while something else waits for it. */
export class KernelChoice {
  readonly #chooser: KernelChooser;
  readonly #options: KernelOptions;
  /** What the picks of this load rest on. */
  by: ChosenBy = 'default';

  readonly #clock: Clock;

  private constructor(chooser: KernelChooser, options: KernelOptions, clock: Clock) {
    this.#clock = clock;
    this.#chooser = chooser;
    this.#options = options;
  }

  /** `store` holds the timings of earlier loads; null stores none. */
  static async open(
    bench: KernelBench,
    options: KernelOptions,
    store: TimingStore | null,
    clock: Clock,
  ): Promise<KernelChoice> {
    const timings = options === 'auto' ? store : null;
    return new KernelChoice(await KernelChooser.open(bench, clock, timings), options, clock);
  }

  /** Awaits a download and meanwhile times the kernels that it will most likely want. */
  async during<T>(download: Promise<T>): Promise<T> {
    if (this.#options !== 'auto') return download;
    let running = true;
    const done = download.finally(() => {
      running = false;
    });
    await Promise.race([done, this.#clock.sleep(GRACE_MS)]);
    await this.#chooser.measure(COMMON, () => running);
    return done;
  }

  /** The kernels for a model, timed now where it is large. Throws `unsupported` for forced ones that do not exist. */
  async picksFor(plan: SizedPlan, signal: Stop): Promise<KernelPick[]> {
    const needs = kernelNeeds(plan);
    if (plan.weightBytes >= LARGE_MODEL_BYTES) await this.#measure(needs, () => !signal.aborted, 1);
    if (typeof this.#options === 'object') this.by = 'forced';
    else if (this.#options === 'auto' && this.#chooser.knows(needs)) this.by = 'timings';
    return this.#chooser.picks(needs, this.#options);
  }

  /** Times while nobody waits, for the next load; in the first loads again, for a machine that was busy. */
  measureIdle(needs: readonly KernelNeed[], idle: () => boolean): Promise<void> {
    return this.#measure(needs, idle, CONFIRMED_LOADS);
  }

  async #measure(needs: readonly KernelNeed[], going: () => boolean, loads: number): Promise<void> {
    if (this.#options === 'auto') await this.#chooser.measure(needs, going, loads);
  }

  get timings(): KernelTiming[] {
    return this.#chooser.timings;
  }
}
