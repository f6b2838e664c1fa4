import { Worker } from 'node:worker_threads';
import type { Report } from '../../../packages/core/test/fuzz/campaign.ts';
import { LARGE_HEADERS } from '../../../packages/core/test/fuzz/large-headers.ts';
import { bounded, type Check, type Context, type Figure, seconds } from '../report.ts';
import type { FuzzTask, LargeReport } from './fuzz-worker.ts';

const FIRST_SEED = 1;
const CASES = 1_000_000;
const FULL_CASES = 10_000_000;
const WORKERS = 2;
/** Cases a worker does before it is made anew. */
const SHARE = 50_000;

const MOST_MS = 1000;
const MOST_BYTES = 64e6;
/** A worker that stays this long at one seed hangs; a busy machine alone does not hold it so long. */
const HANGING_MS = 30_000;
/** Memory of a worker, besides buffers: enough for its code and one header, not for many. */
const HEAP_MB = 160;
const LARGE_RUNS = 3;

type Part = Report & { engines: number };

export const fuzz: Check = {
  title: 'edited headers: a model or a refusal with a code, in bounded time and memory',
  async run(context) {
    const cases = context.full ? FULL_CASES : CASES;
    const started = performance.now();
    const total = merged(await campaign(cases));
    context.note(
      `${total.cases.toLocaleString('en')} cases in ${seconds(performance.now() - started)}: ` +
        `${total.loaded.toLocaleString('en')} load, the others are refused for ${Object.keys(total.reasons).length} reasons`,
    );
    noteReasons(total, context);
    for (const failure of total.failures) context.note(failure);
    return [...campaignFigures(total, cases), ...(await largeFigures(context))];
  },
};

function campaignFigures(total: Part, cases: number): Figure[] {
  const count = (label: string, value: number, most: number): Figure => ({
    label,
    value: value.toLocaleString('en'),
    target: String(most),
    pass: value <= most,
  });
  return [
    bounded('headers edited and used', total.cases, { least: cases }, (n) =>
      n.toLocaleString('en'),
    ),
    count('hangs, deaths of a worker, throws without a code, traps', total.failures.length, 0),
    bounded('loaded into the engine', total.engines, { least: cases / 1000 }, (n) =>
      n.toLocaleString('en'),
    ),
    bounded(`slowest (seed ${total.slowest.seed})`, total.slowest.value, { most: MOST_MS }, inMs),
    bounded(
      `most memory (seed ${total.largest.seed})`,
      total.largest.value,
      { most: MOST_BYTES },
      inMegabytes,
    ),
  ];
}

/** The headers made as large as they may be, each several times in a worker of its own. */
async function largeFigures({ note }: Context): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const index of LARGE_HEADERS.keys()) {
    const runs: LargeReport[] = [];
    for (let i = 0; i < LARGE_RUNS; i++) runs.push(await inWorker<LargeReport>({ large: index }));
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
    bounded(name, ms, { most: MOST_MS }, inMs),
    bounded(`${name}, memory`, bytes, { most: MOST_BYTES }, inMegabytes),
    ...(tokenizerMs > 0
      ? [bounded(`${name}, tokenizer`, tokenizerMs, { most: MOST_MS }, inMs)]
      : []),
  ];
}

/** Runs the seeds in shares, each worker taking the next one when it is done. */
async function campaign(cases: number): Promise<Part[]> {
  const parts: Part[] = [];
  let next = FIRST_SEED;
  const end = FIRST_SEED + cases;
  const work = async () => {
    while (next < end) {
      const first = next;
      next += SHARE;
      parts.push(await share(first, Math.min(SHARE, end - first)));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return parts;
}

/** A share; a worker that dies or hangs is a failure, and what comes after that seed goes on. */
async function share(first: number, cases: number): Promise<Part> {
  const seed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  seed[0] = first;
  try {
    return await inWorker<Part>({ first, cases }, seed);
  } catch (error) {
    const worst = { value: 0, seed: seed[0] };
    const failures = [`seed ${seed[0]}: ${error instanceof Error ? error.message : error}`];
    const cut = seed[0] - first;
    return {
      cases: cut,
      loaded: 0,
      reasons: {},
      slowest: worst,
      largest: worst,
      failures,
      engines: 0,
    };
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

function merged(parts: readonly Part[]): Part {
  const reasons: Record<string, number> = {};
  for (const part of parts) {
    for (const [reason, count] of Object.entries(part.reasons)) {
      reasons[reason] = (reasons[reason] ?? 0) + count;
    }
  }
  const sum = (pick: (part: Part) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  const worst = (pick: (part: Part) => { value: number; seed: number }) =>
    parts.map(pick).reduce((a, b) => (b.value > a.value ? b : a));
  return {
    cases: sum(({ cases }) => cases),
    loaded: sum(({ loaded }) => loaded),
    engines: sum(({ engines }) => engines),
    reasons,
    slowest: worst(({ slowest }) => slowest),
    largest: worst(({ largest }) => largest),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

const SHOWN_REASONS = 25;

function noteReasons({ reasons }: Part, { note }: Context): void {
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
