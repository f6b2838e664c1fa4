import { Worker } from 'node:worker_threads';
import { emptyReport } from '../../packages/core/test/fuzz/campaign.ts';
import { LARGE_HEADERS } from '../../packages/core/test/fuzz/large-headers.ts';
import { STAGES } from '../../packages/core/test/fuzz/use.ts';
import { bounded, type Check, type Context, type Figure, seconds } from '../lib/report.ts';
import type { EngineReport } from './fuzz-engine.ts';
import type { FuzzTask, HeadersReport, LargeReport } from './fuzz-worker.ts';

const FIRST_SEED = 1;
const CASES = 1_000_000;
const FULL_CASES = 10_000_000;
const ENGINES = 10_000;
const WORKERS = 2;
/** Cases a worker does before it is made anew. */
const SHARE = 50_000;
const ENGINE_SHARE = 2500;

const MAX_MS = 1000;
const MAX_BYTES = 64e6;
/** A worker that stays this long at one seed hangs; a busy machine alone does not hold it so long. */
const HANGING_MS = 30_000;
/** Memory of a worker, besides buffers: enough for its code and one header, not for many. */
const HEAP_MB = 160;
const LARGE_RUNS = 3;

const inWords = (n: number) => n.toLocaleString('en');

export const fuzz: Check = {
  title: 'edited headers: a model or a refusal with a code, in bounded time and memory',
  async run(context) {
    const cases = context.full ? FULL_CASES : CASES;
    const started = performance.now();
    const total = merged(await campaign(cases));
    noteCampaign(total, seconds(performance.now() - started), context);
    const engines = joined(await engineCampaign(context.full ? 10 * ENGINES : ENGINES));
    noteEngines(engines, context);
    for (const failure of [...total.failures, ...engines.failures]) context.note(failure);
    return [
      ...campaignFigures(total, cases),
      ...engineFigures(engines),
      ...(await largeFigures(context)),
    ];
  },
};

const REPLAY = 'npx tsx packages/core/test/fuzz/replay.ts';

function noteCampaign(total: HeadersReport, time: string, context: Context): void {
  const share = (n: number) => `${((100 * n) / total.cases).toFixed(1)} %`;
  let left = total.cases;
  const reached = STAGES.map((stage) => {
    const text = `${stage} ${inWords(left)} (${share(left)})`;
    left -= total.refusedAt[stage];
    return text;
  });
  context.note(
    `seeds ${FIRST_SEED} to ${FIRST_SEED + total.cases - 1} in ${time}; one of them again: ${REPLAY} <seed>\n` +
      `reached ${reached.join(', ')}, loaded ${inWords(total.loaded)} (${share(total.loaded)}), ` +
      `engine ${inWords(total.engines)} (each tenth seed), answered ${inWords(total.answered)}\n` +
      `refused for ${Object.keys(total.reasons).length} reasons, those with the most:`,
  );
  noteReasons(total, context);
}

function noteEngines(found: EngineReport, { note }: Context): void {
  note(
    `${inWords(found.calls)} calls of ${inWords(found.engines)} engines in disorder: ` +
      `${inWords(found.refused)} refused, ${inWords(found.whole)} engines whole, ` +
      `${inWords(found.restored)} contexts restored`,
  );
}

function none(label: string, failures: readonly string[]): Figure {
  return { label, value: inWords(failures.length), target: '0', pass: failures.length === 0 };
}

function campaignFigures(total: HeadersReport, cases: number): Figure[] {
  const { slowest, largest } = total;
  return [
    bounded('headers edited and used', total.cases, { min: cases }, inWords),
    none('hangs, deaths of a worker, throws without a code, traps', total.failures),
    bounded('that loaded whole', total.loaded, { min: cases / 10 }, inWords),
    bounded('that the engine answered', total.answered, { min: cases / 1000 }, inWords),
    bounded(`slowest (seed ${slowest.seed})`, slowest.value, { max: MAX_MS }, inMs),
    bounded(
      `most memory, garbage of earlier cases included (seed ${largest.seed})`,
      largest.value,
      { max: MAX_BYTES },
      inMegabytes,
    ),
  ];
}

function engineFigures(found: EngineReport): Figure[] {
  return [
    none('traps and errors without a code of engines called in disorder', found.failures),
    bounded('engines loaded whole meanwhile', found.whole, { min: ENGINES / 4 }, inWords),
  ];
}

/** The headers made as large as they may be, each several times in a worker of its own. */
async function largeFigures({ note }: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const index of LARGE_HEADERS.keys()) {
    const runs: LargeReport[] = [];
    for (let i = 0; i < LARGE_RUNS; i++)
      runs.push(await inWorker<LargeReport>({ kind: 'large', index }));
    note(`${runs[0]!.name}: ${runs[0]!.outcome}`);
    figures.push(...largeFiguresOf(runs));
  }
  return figures;
}

/** The least time, as a busy machine adds to it; the most memory, as a collection takes from it. */
function largeFiguresOf(runs: readonly LargeReport[]): Figure[] {
  const { name } = runs[0]!;
  const ms = Math.min(...runs.map((run) => run.ms));
  const bytes = Math.max(...runs.map((run) => run.bytes));
  const tokenizerMs = Math.min(...runs.map((run) => run.tokenizerMs));
  return [
    bounded(name, ms, { max: MAX_MS }, inMs),
    bounded(`${name}, memory`, bytes, { max: MAX_BYTES }, inMegabytes),
    ...(tokenizerMs > 0 ? [bounded(`${name}, tokenizer`, tokenizerMs, { max: MAX_MS }, inMs)] : []),
  ];
}

/** Parts of `cases` seeds, made by workers of which each takes the next one when it is done. */
async function inShares<T>(
  cases: number,
  size: number,
  part: (first: number, cases: number) => Promise<T>,
): Promise<T[]> {
  const parts: T[] = [];
  const end = FIRST_SEED + cases;
  let next = FIRST_SEED;
  const work = async () => {
    while (next < end) {
      const first = next;
      next += size;
      parts.push(await part(first, Math.min(size, end - first)));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return parts;
}

function campaign(cases: number): Promise<HeadersReport[]> {
  return inShares(cases, SHARE, (first, cases) =>
    share<HeadersReport>({ kind: 'headers', first, cases }, (seed, failure) => ({
      ...emptyReport(seed),
      cases: seed - first,
      failures: [failure],
      engines: 0,
      answered: 0,
    })),
  );
}

const NO_ENGINES = { engines: 0, whole: 0, calls: 0, refused: 0, restored: 0 };

function engineCampaign(cases: number): Promise<EngineReport[]> {
  return inShares(cases, ENGINE_SHARE, (first, cases) =>
    share<EngineReport>({ kind: 'engines', first, cases }, (_, failure) => ({
      ...NO_ENGINES,
      failures: [failure],
    })),
  );
}

/** A share; a worker that dies or hangs is a failure, at the seed that it was at. */
async function share<T>(task: Task, failed: (seed: number, failure: string) => T): Promise<T> {
  const seed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  seed[0] = 'first' in task ? task.first : 0;
  try {
    return await inWorker<T>(task, seed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    return failed(seed[0], `seed ${seed[0]}: ${reason}`);
  }
}

type Task = FuzzTask extends infer T ? (T extends unknown ? Omit<T, 'seed'> : never) : never;

async function inWorker<T>(task: Task, seed: Int32Array = new Int32Array(1)): Promise<T> {
  const worker = new Worker(new URL('./fuzz-thread.mjs', import.meta.url), {
    workerData: { ...task, seed },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const watch = watching(seed, () => worker.terminate());
  try {
    return await new Promise<T>((done, fail) => {
      worker.once('message', done);
      worker.once('error', fail);
      worker.once('exit', () =>
        fail(new Error('the worker ended: it hung or took too much memory')),
      );
    });
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

function watching(seed: Int32Array, hangs: () => void): NodeJS.Timeout {
  let last = seed[0];
  return setInterval(() => {
    if (seed[0] === last) hangs();
    last = seed[0];
  }, HANGING_MS);
}

function merged(parts: readonly HeadersReport[]): HeadersReport {
  const sum = (pick: (part: HeadersReport) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  const worst = (pick: (part: HeadersReport) => { value: number; seed: number }) =>
    parts.map(pick).reduce((a, b) => (b.value > a.value ? b : a));
  return {
    cases: sum(({ cases }) => cases),
    loaded: sum(({ loaded }) => loaded),
    engines: sum(({ engines }) => engines),
    answered: sum(({ answered }) => answered),
    refusedAt: added(parts.map(({ refusedAt }) => refusedAt)),
    reasons: added(parts.map(({ reasons }) => reasons)),
    slowest: worst(({ slowest }) => slowest),
    largest: worst(({ largest }) => largest),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

function joined(parts: readonly EngineReport[]): EngineReport {
  const counts = added(parts.map(({ failures, ...counts }) => counts));
  return { ...counts, failures: parts.flatMap(({ failures }) => failures) };
}

/** Counts by name, summed. */
function added<T extends Record<string, number>>(counts: readonly T[]): T {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each))) {
    total[name] = (total[name] ?? 0) + count;
  }
  return total as T;
}

const SHOWN_REASONS = 25;

function noteReasons({ reasons }: HeadersReport, { note }: Context): void {
  const sorted = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  for (const [reason, count] of sorted.slice(0, SHOWN_REASONS)) {
    note(`${String(count).padStart(8)} ${reason}`);
  }
}

function inMs(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function inMegabytes(value: number): string {
  return `${(value / 1e6).toFixed(1)} MB`;
}
