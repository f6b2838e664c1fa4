import type { ModelPlan } from '../../src/plan/plan.ts';
import { randomOf } from '../random.ts';
import { mutated, type Subject, subjectOf } from './mutate.ts';
import { originals } from './originals.ts';
import { type Outcome, STAGES, type Stage, useFile } from './use.ts';
import { VirtualFile } from './virtual-file.ts';

/** What a campaign has seen. */
export interface Report {
  cases: number;
  loaded: number;
  /** Files that were refused, by what was done with them then. */
  refusedAt: Record<Stage, number>;
  /** Refusals by reason. */
  reasons: Record<string, number>;
  slowest: Worst;
  /** Bytes that memory grew by in one case, at most. */
  largest: Worst;
  /** Cases that ended in anything but a model or a refusal, and how. */
  failures: string[];
}

/** The worst case of a kind. */
export interface Worst {
  value: number;
  seed: number;
}

/** How a campaign looks at time and memory. */
export interface Probe {
  /** Milliseconds since it was called, as cheap as can be. */
  clock(): () => number;
  /** The same without what other programs take. */
  stopwatch(): () => number;
  /** Bytes in use, garbage and buffers counted. */
  memory(): number;
  /** Frees what nothing holds. */
  collect(): void;
  /** Called before each case with its seed. */
  before?(seed: number): void;
  /** Called with each file that loads; what it throws is a failure. */
  loaded?(plan: ModelPlan, file: VirtualFile, seed: number): Promise<void>;
  /** What is done with a file, where it is not `useFile`. */
  use?(file: VirtualFile): Promise<Outcome>;
}

const MAX_FAILURES = 5;
/** From here on a case is timed again and better: a busy machine slows single runs. */
const SLOW_MS = 200;
const TIMES = 5;
/** From here on a case is measured again without the garbage of those before it. */
const SUSPECT_BYTES = 48e6;

/** One edited header of each seed from `first` on, used whole. A seed tells all about its case. */
export async function runCampaign(first: number, cases: number, probe: Probe): Promise<Report> {
  const edited = subjects();
  const report = emptyReport(first);
  probe.collect();
  const watch = { ...probe, floor: probe.memory() };
  for (let seed = first; seed < first + cases; seed++) {
    probe.before?.(seed);
    await runCase(fileOf(edited, seed), seed, watch, report);
    if (report.failures.length >= MAX_FAILURES) break;
  }
  return report;
}

/** The originals, ready to be edited. */
export function subjects(): Subject[] {
  return originals().map(subjectOf);
}

export function emptyReport(seed: number): Report {
  return {
    cases: 0,
    loaded: 0,
    refusedAt: Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>,
    reasons: {},
    slowest: { value: 0, seed },
    largest: { value: 0, seed },
    failures: [],
  };
}

/** The largest of the originals: after it the weights go on where the header has grown. */
const ALIGNMENT = 64;

/** The file of a seed. */
export function fileOf(subjects: readonly Subject[], seed: number): VirtualFile {
  const random = randomOf(Math.imul(seed, 0x9e37_79b1));
  const subject = subjects[random(subjects.length)]!;
  const header = mutated(subject, random, subjects);
  const grown = Math.ceil((header.length - subject.header.length) / ALIGNMENT) * ALIGNMENT;
  return VirtualFile.of(header, subject.fileSize + grown, random);
}

/** Memory that everything but the cases takes, beside the probe. */
type Watch = Probe & { readonly floor: number };

async function runCase(
  file: VirtualFile,
  seed: number,
  watch: Watch,
  report: Report,
): Promise<void> {
  const first = await measured(file, watch);
  let { ms, bytes } = first;
  for (let i = 1; i < TIMES && ms > SLOW_MS; i++)
    ms = Math.min(ms, (await measured(file, watch, watch.stopwatch())).ms);
  if (bytes > SUSPECT_BYTES) bytes = await bytesAlone(file, watch);
  worsen(report.slowest, ms, seed);
  worsen(report.largest, bytes, seed);
  await count(first.outcome, file, seed, watch, report).catch((error: unknown) => {
    report.failures.push(`seed ${seed}: ${describe(error)}`);
  });
}

/**
 * Uses a file, and says how long it took and how far memory stood above the floor, at most. The garbage of earlier
 * cases counts: a collection in the middle of a case hides nothing.
 */
async function measured(file: VirtualFile, probe: Watch, elapsed = probe.clock()) {
  let peak = 0;
  file.onRead = () => {
    peak = Math.max(peak, probe.memory());
  };
  const outcome = await (probe.use ?? useFile)(file);
  const ms = elapsed();
  return { outcome, ms, bytes: Math.max(peak, probe.memory()) - probe.floor };
}

async function bytesAlone(file: VirtualFile, watch: Watch): Promise<number> {
  watch.collect();
  return (await measured(file, watch)).bytes;
}

async function count(
  outcome: Outcome,
  file: VirtualFile,
  seed: number,
  probe: Probe,
  report: Report,
): Promise<void> {
  report.cases++;
  if (outcome.kind === 'threw') throw outcome.error;
  if (outcome.kind === 'refused') {
    report.refusedAt[outcome.stage]++;
    report.reasons[outcome.reason] = (report.reasons[outcome.reason] ?? 0) + 1;
    return;
  }
  report.loaded++;
  await probe.loaded?.(outcome.plan, file, seed);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : String(error);
}

function worsen(worst: Worst, value: number, seed: number): void {
  if (value > worst.value) Object.assign(worst, { value, seed });
}
