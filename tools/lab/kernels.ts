// Each kernel by itself, on random matrices that the engine makes.
import type { KernelFamily } from '@pocketbit/core';
import { type KernelBench, type KernelTrial, trialOf } from '@pocketbit/engine';

export interface KernelRequest {
  readonly family: KernelFamily;
  readonly rows: number;
  readonly k: number;
  readonly tokens: number;
}

/** The fastest of many short samples of one kernel on one shape. */
export interface KernelSpeed extends KernelRequest {
  readonly kernel: string;
  /** 10^9 multiply-adds a second. */
  readonly gmacs: number;
  /** 10^9 bytes of weights a second. */
  readonly gbs: number;
}

/** Chromium's clock goes in steps of 0.1 ms; a sample is to be known to 2.5 %. */
const SAMPLE_MS = 4;
const WARM_UP_MS = 200;

/** Times every kernel of a family on one shape, interleaved: the minimum over `samples` of a few milliseconds each. */
export function timeKernels(
  bench: KernelBench,
  request: KernelRequest,
  samples: number,
): KernelSpeed[] {
  const { family, tokens } = request;
  const names = bench.kernelNames(family, tokens);
  const racers = names.map((name) => racerOf(trialOf(bench, request, name)));
  for (let i = 0; i < samples; i++) for (const racer of racers) sample(racer);
  const speeds = racers.map(({ trial, best }, i) => ({
    ...request,
    kernel: names[i]!,
    gmacs: trial.macs / best / 1e6,
    gbs: trial.bytes / best / 1e6,
  }));
  for (const { trial } of racers) trial.free();
  return speeds;
}

interface Racer {
  readonly trial: KernelTrial;
  /** Runs a sample. */
  times: number;
  /** Milliseconds a run. */
  best: number;
}

/** Runs until the engine's optimising tier has the kernel, and finds how many runs make a sample. */
function racerOf(trial: KernelTrial): Racer {
  burst(trial, WARM_UP_MS);
  const perRun = burst(trial, SAMPLE_MS);
  const times = Math.max(1, Math.round(SAMPLE_MS / perRun));
  return { trial, times, best: Number.POSITIVE_INFINITY };
}

/** Milliseconds a run, over at least `leastMs`. */
function burst(trial: KernelTrial, leastMs: number): number {
  const start = performance.now();
  let [runs, elapsed] = [0, 0];
  while (elapsed < leastMs) {
    trial.run(8);
    runs += 8;
    elapsed = performance.now() - start;
  }
  return elapsed / runs;
}

function sample(racer: Racer): void {
  const start = performance.now();
  racer.trial.run(racer.times);
  const elapsed = performance.now() - start;
  if (elapsed > 0) racer.best = Math.min(racer.best, elapsed / racer.times);
}
