// Kernels against the ceilings of the engine they run in.
import type { KernelBench } from '@pocketbit/engine';
import { type Contender, fastest } from '../lib/timer.ts';
import { type KernelRequest, type KernelSpeed, timeKernels } from './kernels.ts';

export interface MicroRequest {
  /** Address of the kernels' case-runner, which holds the ceilings; built with relaxed SIMD or without. */
  readonly cases: string;
  readonly kernels: readonly KernelRequest[];
  /** Least number of samples of each. */
  readonly samples: number;
}

export interface MicroResult {
  /** Relaxed dot products from registers, 10^9 multiply-adds a second; null where the engine has none. */
  readonly peak: number | null;
  /** Eight interleaved streams of loads from memory, 10^9 bytes a second. */
  readonly stream: number;
  readonly rates: readonly KernelSpeed[];
}

/** The exports of crates/kernels/src/bench/ceilings.rs. */
interface Ceilings {
  bench_peak?(times: number): number;
  bench_peak_dots?(): number;
  bench_buffer(bytes: number): number;
  bench_stream(buffer: number, part: number, parts: number): number;
}

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
  const peak = bench_peak && { run: (times: number) => void bench_peak(times) };
  const contenders = [streamOf(ceilings), ...(peak ? [peak] : [])];
  const { speeds, others } = await timeKernels(bench, request.kernels, request.samples, contenders);
  const [streamMs, peakMs] = others as [number, number?];
  const peakMacs = (bench_peak_dots?.() ?? 0) * MACS_OF_A_DOT;
  return {
    peak: peakMs === undefined ? null : peakMacs / peakMs / 1e6,
    stream: STREAM_BYTES / STREAM_PARTS / streamMs / 1e6,
    rates: speeds,
  };
}

function streamOf({ bench_buffer, bench_stream }: Ceilings): Contender {
  const buffer = bench_buffer(STREAM_BYTES);
  let part = 0;
  return {
    run(times) {
      for (let i = 0; i < times; i++) bench_stream(buffer, part++ % STREAM_PARTS, STREAM_PARTS);
    },
  };
}

/** A loop without an argument that a module exports. */
export interface Loop {
  readonly bytes: readonly number[];
  readonly name: string;
}

/** Milliseconds of a call of each loop; null where the engine does not take its module. */
export async function timeLoops(
  loops: readonly Loop[],
  samples: number,
): Promise<(number | null)[]> {
  const calls = await Promise.all(loops.map(callOf));
  const contenders = calls.filter((call) => call !== null);
  const times = await fastest(contenders, samples);
  return calls.map((call) => call && times[contenders.indexOf(call)]!);
}

async function callOf({ bytes, name }: Loop): Promise<Contender | null> {
  const module = Uint8Array.from(bytes);
  if (!WebAssembly.validate(module)) return null;
  const { instance } = await WebAssembly.instantiate(module);
  const call = instance.exports[name] as () => number;
  return {
    run(times) {
      for (let i = 0; i < times; i++) call();
    },
  };
}
