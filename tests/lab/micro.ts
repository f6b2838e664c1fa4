// Kernels against the ceilings of the engine they run in: short samples in turns, so that what disturbs one disturbs all.
import { KERNEL_FAMILIES, type KernelFamily, kernelsOf } from '@pocketbit/core';
import type { KernelBench, KernelTrial } from '../../packages/web/src/worker/kernels.ts';

export interface MicroRequest {
  /** Address of the kernels' case-runner, which holds the ceilings; built with relaxed SIMD or without. */
  readonly cases: string;
  readonly kernels: readonly MicroKernels[];
  /** Least number of samples of each. */
  readonly samples: number;
}

/** All kernels of a family on one shape. */
export interface MicroKernels {
  readonly family: KernelFamily;
  readonly rows: number;
  readonly k: number;
  readonly tokens: number;
  /** Matrices that are read in turn, so that none is found in a cache; 1 for one that is. */
  readonly copies: number;
}

export interface MicroRate extends MicroKernels {
  readonly kernel: string;
  /** 10^9 multiply-adds a second. */
  readonly gmacs: number;
  /** 10^9 bytes of weights a second. */
  readonly gbs: number;
}

export interface MicroResult {
  /** Relaxed dot products from registers, 10^9 multiply-adds a second; null where the engine has none. */
  readonly peak: number | null;
  /** Eight interleaved streams of loads from memory, 10^9 bytes a second. */
  readonly stream: number;
  readonly rates: readonly MicroRate[];
}

/** The exports of crates/kernels/src/bench/ceilings.rs. */
interface Ceilings {
  bench_peak?(times: number): number;
  bench_peak_dots?(): number;
  bench_buffer(bytes: number): number;
  bench_stream(buffer: number, part: number, parts: number): number;
}

interface Racer {
  run(times: number): void;
  /** Runs a sample. */
  times: number;
  /** Milliseconds a run, the least seen. */
  best: number;
}

const SAMPLE_MS = 1;
const WARM_UP_MS = 300;
const BLOCKS = 4;
const MOST_BLOCKS = 40;
const SAME = 0.97;
/** Several times the last level of a cache. */
const STREAM_BYTES = 256 * 2 ** 20;
/** Parts of the buffer that are read in turn, each about a sample. */
const STREAM_PARTS = 32;
const MACS_OF_A_DOT = 16;

/** Times every kernel that is asked for and both ceilings, interleaved. */
export async function microRates(bench: KernelBench, request: MicroRequest): Promise<MicroResult> {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(request.cases));
  const ceilings = instance.exports as unknown as Ceilings;
  const { bench_peak, bench_peak_dots } = ceilings;
  const peak = bench_peak && racerOf((times) => void bench_peak(times));
  const stream = racerOf(streamOf(ceilings));
  const trials = request.kernels.flatMap((kernels) => trialsOf(bench, kernels));
  const racers = [...(peak ? [peak] : []), stream, ...trials.map(({ racer }) => racer)];
  race(racers, request.samples);
  const rates = trials.map(({ kernels, kernel, racer, macs, bytes }) => ({
    ...kernels,
    kernel,
    gmacs: macs / racer.best / 1e6,
    gbs: bytes / racer.best / 1e6,
  }));
  const peakMacs = (bench_peak_dots?.() ?? 0) * MACS_OF_A_DOT;
  return {
    peak: peak ? peakMacs / peak.best / 1e6 : null,
    stream: STREAM_BYTES / STREAM_PARTS / stream.best / 1e6,
    rates,
  };
}

function trialsOf({ kernelNames, Trial }: KernelBench, kernels: MicroKernels) {
  const { family, rows, k, tokens, copies } = kernels;
  const number = KERNEL_FAMILIES.indexOf(family);
  return kernelsOf(kernelNames, family, tokens).map((kernel) => {
    const trials = Array.from({ length: copies }, () => new Trial(number, rows, k, tokens, kernel));
    const [{ macs, bytes }] = trials as [KernelTrial];
    let turn = 0;
    const rotate = (times: number) => {
      for (let i = 0; i < times; i++) trials[turn++ % copies]!.run(1);
    };
    const racer = racerOf(copies > 1 ? rotate : (times) => trials[0]!.run(times));
    return { kernels, kernel, racer, macs, bytes };
  });
}

function streamOf({ bench_buffer, bench_stream }: Ceilings): (times: number) => void {
  const buffer = bench_buffer(STREAM_BYTES);
  let part = 0;
  return (times) => {
    for (let i = 0; i < times; i++) bench_stream(buffer, part++ % STREAM_PARTS, STREAM_PARTS);
  };
}

function racerOf(run: (times: number) => void): Racer {
  return { run, times: 1, best: Number.POSITIVE_INFINITY };
}

/** Until each has its samples and none becomes faster any more: on a busy machine optimised code may come late. */
function race(racers: readonly Racer[], samples: number): void {
  for (const racer of racers) warmUp(racer);
  for (const racer of racers) racer.best = Number.POSITIVE_INFINITY;
  for (let block = 1, faster = true; block <= MOST_BLOCKS && (faster || block <= BLOCKS); block++) {
    const before = racers.map(({ best }) => best);
    for (let i = 0; i < samples / BLOCKS; i++) for (const racer of racers) sample(racer);
    faster = racers.some(({ best }, i) => best < before[i]! * SAME);
  }
}

function warmUp(racer: Racer): void {
  const start = performance.now();
  while (performance.now() - start < WARM_UP_MS) {
    sample(racer);
    racer.times = Math.max(1, Math.round(SAMPLE_MS / racer.best));
  }
}

function sample(racer: Racer): void {
  const start = performance.now();
  racer.run(racer.times);
  const elapsed = performance.now() - start;
  if (elapsed > 0) racer.best = Math.min(racer.best, elapsed / racer.times);
}
