// A part of the fuzzing, in a thread of its own: it can be ended when it hangs, and its memory is its own.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import {
  createTokenizer,
  encodeConfig,
  loadTensors,
  type ModelPlan,
  PocketbitError,
  readGguf,
} from '@pocketbit/core';
import { type Report, runCampaign } from '../../../packages/core/test/fuzz/campaign.ts';
import { LARGE_HEADERS } from '../../../packages/core/test/fuzz/large-headers.ts';
import type { VirtualFile } from '../../../packages/core/test/fuzz/virtual-file.ts';
import { bindEngine } from '../../../tests/support/engine.ts';

/** What a worker is asked for: a run of seeds, or one of the large headers. */
export type FuzzTask = {
  /** Where the seed in work is written, for who waits for it. */
  readonly seed: Int32Array;
} & ({ readonly first: number; readonly cases: number } | { readonly large: number });

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
const MOST_ENGINE_BYTES = 32 * 1024 * 1024;

const task = workerData as FuzzTask;
parentPort!.postMessage('large' in task ? await measureLarge(task.large) : await fuzz(task));

function memory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

async function fuzz({ first, cases, seed }: FuzzTask & { first: number; cases: number }) {
  const { Engine } = await bindEngine('simd128');
  let engines = 0;
  const report: Report = await runCampaign(first, cases, {
    now: () => performance.now(),
    memory,
    before: (current) => {
      seed[0] = current;
    },
    async loaded(plan, file, current) {
      if (current % ENGINE_EVERY !== 0 || plan.residentBytes > MOST_ENGINE_BYTES) return;
      engines++;
      await runEngine(Engine, plan, file);
    },
  });
  return { ...report, engines };
}

/** Loads a file that was taken into the engine, which may refuse its weights, with a code, and never traps. */
async function runEngine(
  Engine: Awaited<ReturnType<typeof bindEngine>>['Engine'],
  plan: ModelPlan,
  file: VirtualFile,
): Promise<void> {
  try {
    const engine = new Engine(encodeConfig(plan.config));
    try {
      await loadTensors(plan, file, engine);
      engine.forward(Uint32Array.of(0));
      engine.sample();
    } finally {
      engine.free();
    }
  } catch (error) {
    const { code, message } = PocketbitError.from(error);
    if (code !== 'bad-model' && code !== 'out-of-memory') throw new Error(`engine: ${message}`);
  }
}

async function measureLarge(index: number): Promise<LargeReport> {
  const { name, make } = LARGE_HEADERS[index]!;
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const file = make();
  collect();
  const before = memory();
  let peak = before;
  file.onRead = () => {
    peak = Math.max(peak, memory());
  };
  const started = performance.now();
  const header = await readGguf(file).catch((error: unknown) => PocketbitError.from(error));
  const ms = performance.now() - started;
  const bytes = Math.max(peak, memory()) - before;
  if (header instanceof PocketbitError) {
    return { name, outcome: `${header.code}: ${header.message}`, ms, bytes, tokenizerMs: 0 };
  }
  return { name, outcome: 'read', ms, bytes, tokenizerMs: tokenizerTime(header) };
}

function tokenizerTime(header: Parameters<typeof createTokenizer>[0]): number {
  const started = performance.now();
  try {
    createTokenizer(header);
  } catch (error) {
    if (!(error instanceof PocketbitError)) throw error;
  }
  return performance.now() - started;
}
