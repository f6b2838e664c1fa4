// Each kernel by itself, on random matrices that the engine makes.
import type { KernelFamily } from '@pocketbit/core';
import { type KernelBench, trialOf } from '@pocketbit/engine';
import { type Contender, fastest } from '../lib/timer.ts';

/** All kernels of a family on one shape. */
export interface KernelRequest {
  readonly family: KernelFamily;
  readonly rows: number;
  readonly k: number;
  readonly tokens: number;
  /** Matrices that are read in turn, so that none is found in a cache; 1 for one that is. */
  readonly copies: number;
}

/** The fastest of many short samples of one kernel on one shape. */
export interface KernelSpeed extends KernelRequest {
  readonly kernel: string;
  /** 10^9 multiply-adds a second. */
  readonly gmacs: number;
  /** 10^9 bytes of weights a second. */
  readonly gbs: number;
}

interface Entrant extends Contender {
  /** Of its speed, once the milliseconds of a run are known. */
  readonly speedAt: (ms: number) => KernelSpeed;
  free(): void;
}

/** Times every kernel that is asked for, and `others` among them, in turns: milliseconds of those. */
export async function timeKernels(
  bench: KernelBench,
  requests: readonly KernelRequest[],
  samples: number,
  others: readonly Contender[] = [],
): Promise<{ speeds: KernelSpeed[]; others: number[] }> {
  const entrants = requests.flatMap((request) => entrantsOf(bench, request));
  const times = await fastest([...others, ...entrants], samples);
  const speeds = entrants.map(({ speedAt }, i) => speedAt(times[others.length + i]!));
  for (const entrant of entrants) entrant.free();
  return { speeds, others: times.slice(0, others.length) };
}

function entrantsOf(bench: KernelBench, request: KernelRequest): Entrant[] {
  const { family, tokens, copies } = request;
  return bench.kernelNames(family, tokens).map((kernel) => {
    const trials = Array.from({ length: copies }, () => trialOf(bench, request, kernel));
    const { macs, bytes } = trials[0]!;
    let runs = 0;
    return {
      run(times) {
        if (copies === 1) trials[0]!.run(times);
        else for (let i = 0; i < times; i++) trials[runs++ % copies]!.run(1);
      },
      speedAt: (ms) => ({ ...request, kernel, gmacs: macs / ms / 1e6, gbs: bytes / ms / 1e6 }),
      free() {
        for (const trial of trials) trial.free();
      },
    };
  });
}
