import {
  type KernelFamily,
  type KernelNeed,
  type KernelPick,
  kernelNeeds,
  type ModelPlan,
  type SizeClass,
  tensorKernels,
} from '@pocketbit/core';
import type { KernelOptions, KernelProfile, OpenRequest } from '../protocol.ts';
import { TimingStore } from '../store/timings.ts';
import type { EngineModule } from './artifact.ts';
import { KernelChooser } from './kernels.ts';
import { pause } from './pause.ts';
import type { LoadedModel } from './session.ts';

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
export class Choice {
  readonly #chooser: KernelChooser;
  readonly #options: KernelOptions;
  /** What the picks of this load rest on. */
  by: KernelProfile['by'] = 'default';

  private constructor(chooser: KernelChooser, options: KernelOptions) {
    this.#chooser = chooser;
    this.#options = options;
  }

  static async open(
    { bench, artifact, build }: EngineModule,
    { kernels = 'auto', store }: OpenRequest,
  ): Promise<Choice> {
    const kept = kernels === 'auto' ? new TimingStore(artifact, build, store !== false) : null;
    const watch = { now: () => performance.now(), pause };
    return new Choice(await KernelChooser.open(bench, watch, kept), kernels);
  }

  /** Awaits a download and meanwhile times the kernels that it will most likely want. */
  async during<T>(download: Promise<T>): Promise<T> {
    if (this.#options !== 'auto') return download;
    let running = true;
    const done = download.finally(() => {
      running = false;
    });
    const grace = new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    await Promise.race([done, grace]);
    await this.#chooser.measure(COMMON, () => running);
    return done;
  }

  /** The kernels for a model, timed now where it is large. Throws `unsupported` for forced ones that do not exist. */
  async picksFor(plan: ModelPlan, signal: AbortSignal): Promise<KernelPick[]> {
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

  get timings(): KernelProfile['timings'] {
    return this.#chooser.timings;
  }
}

export function profileOf({ info, plan, choice, context }: LoadedModel): KernelProfile {
  const { by, timings } = choice;
  const tensors = tensorKernels(plan, context.engine.profile());
  return { artifact: info.artifact, by, tensors, timings };
}
