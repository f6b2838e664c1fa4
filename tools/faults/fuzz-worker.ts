// A part of the fuzzing, in a thread of its own: it can be ended when it hangs, and its memory is its own.

import { parentPort, workerData } from 'node:worker_threads';
import { createTokenizer, type ModelPlan, PocketbitError, readGguf } from '@pocketbit/core';
import { sampleIds, sizePlan } from '@pocketbit/engine';
import { type Report, runCampaign } from '../../packages/core/test/fuzz/campaign.ts';
import { clock, collect, memory, stopwatch } from '../../packages/core/test/fuzz/gauges.ts';
import { LARGE_HEADERS } from '../../packages/core/test/fuzz/large-headers.ts';
import type { VirtualFile } from '../../packages/core/test/fuzz/virtual-file.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { type EngineExports, engineOf } from '../lib/engine.ts';
import { runEngines } from './fuzz-engine.ts';

/** What a worker is asked for: edited headers, engines called in disorder, or one of the large headers. */
export type FuzzTask = {
  /** Where the seed in work is written, for who waits for it. */
  readonly seed: Int32Array;
} & (
  | { readonly kind: 'headers' | 'engines'; readonly first: number; readonly cases: number }
  | { readonly kind: 'large'; readonly index: number }
);

/** Of edited headers: `engines` of the files that load went on into the engine, and `answered` there. */
export type HeadersReport = Report & { engines: number; answered: number };

export interface LargeReport {
  readonly name: string;
  readonly outcome: string;
  /** Of the header, and of the tokenizer of it. */
  readonly ms: number;
  readonly bytes: number;
  readonly tokenizerMs: number;
}

/** Of the files that load, these go on into the engine. */
const ENGINE_EVERY = 10;
const MAX_ENGINE_BYTES = 32 * 1024 * 1024;

// Most cases end in an error whose stack nobody reads; `replay.ts` shows that of a failure.
Error.stackTraceLimit = 0;

const task = workerData as FuzzTask;
parentPort!.postMessage(await done(task));

async function done(task: FuzzTask) {
  if (task.kind === 'large') return measureLarge(task.index);
  const bound = await bindEngine('simd128');
  const before = (seed: number) => {
    task.seed[0] = seed;
  };
  return task.kind === 'engines'
    ? runEngines(bound.Engine, task.first, task.cases, before)
    : editHeaders(bound, task.first, task.cases, before);
}

async function editHeaders(
  bound: EngineExports,
  first: number,
  cases: number,
  before: (seed: number) => void,
): Promise<HeadersReport> {
  let [engines, answered] = [0, 0];
  const report = await runCampaign(first, cases, {
    clock,
    stopwatch,
    memory,
    collect,
    before,
    async loaded(plan, file, seed) {
      if (seed % ENGINE_EVERY !== 0) return;
      if (sizePlan(bound, plan).residentBytes > MAX_ENGINE_BYTES) return;
      engines++;
      if (await runEngine(bound, plan, file)) answered++;
    },
  });
  return { ...report, engines, answered };
}

/** Loads a file that was taken into the engine, which may refuse its weights, with a code, and never traps. */
async function runEngine(
  bound: EngineExports,
  plan: ModelPlan,
  file: VirtualFile,
): Promise<boolean> {
  try {
    const engine = await engineOf(bound, plan, file);
    try {
      await sampleIds(engine, sizePlan(bound, plan), [0], new Set(), { maxTokens: 1 });
      return true;
    } finally {
      engine.free();
    }
  } catch (error) {
    const { code, message } = PocketbitError.from(error);
    if (code !== 'bad-model' && code !== 'out-of-memory') throw new Error(`engine: ${message}`);
    return false;
  }
}

async function measureLarge(index: number): Promise<LargeReport> {
  const { name, make } = LARGE_HEADERS[index]!;
  const file = make();
  collect();
  const before = memory();
  let peak = before;
  file.onRead = () => {
    peak = Math.max(peak, memory());
  };
  const elapsed = stopwatch();
  const header = await readGguf(file).catch((error: unknown) => PocketbitError.from(error));
  const ms = elapsed();
  const bytes = Math.max(peak, memory()) - before;
  if (header instanceof PocketbitError) {
    return { name, outcome: `${header.code}: ${header.message}`, ms, bytes, tokenizerMs: 0 };
  }
  return { name, outcome: 'read', ms, bytes, tokenizerMs: tokenizerTime(header) };
}

function tokenizerTime(header: Parameters<typeof createTokenizer>[0]): number {
  const elapsed = stopwatch();
  try {
    createTokenizer(header);
  } catch (error) {
    if (!(error instanceof PocketbitError)) throw error;
  }
  return elapsed();
}
