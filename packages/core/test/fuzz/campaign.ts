import type { ModelPlan } from '../../src/plan/plan.ts';
import { randomOf } from '../random.ts';
import { mutated, type Subject, subjectOf } from './mutate.ts';
import { originals } from './originals.ts';
import { type Outcome, useFile } from './use.ts';
import { VirtualFile } from './virtual-file.ts';

/** What a campaign has seen. */
export interface Report {
  cases: number;
  loaded: number;
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
  /** Milliseconds. */
  now(): number;
  /** Bytes in use, garbage and buffers counted. */
  memory(): number;
  /** Called before each case with its seed. */
  before?(seed: number): void;
  /** Called with each file that loads; what it throws is a failure. */
  loaded?(plan: ModelPlan, file: VirtualFile, seed: number): Promise<void>;
}

const MOST_FAILURES = 5;
/** From here on a case is timed again: a busy machine slows single runs. */
const SLOW_MS = 400;
const TIMES = 5;

/** One edited header of each seed from `first` on, used whole. A seed tells all about its case. */
export async function runCampaign(first: number, cases: number, probe: Probe): Promise<Report> {
  const subjects = originals().map(subjectOf);
  const report: Report = {
    cases: 0,
    loaded: 0,
    reasons: {},
    slowest: { value: 0, seed: first },
    largest: { value: 0, seed: first },
    failures: [],
  };
  for (let seed = first; seed < first + cases; seed++) {
    probe.before?.(seed);
    await runCase(subjects, seed, probe, report);
    if (report.failures.length >= MOST_FAILURES) break;
  }
  return report;
}

/** The file of a seed. */
export function fileOf(subjects: readonly Subject[], seed: number): VirtualFile {
  const random = randomOf(Math.imul(seed, 0x9e37_79b1));
  const subject = subjects[random(subjects.length)]!;
  return VirtualFile.of(mutated(subject, random, subjects), subject.fileSize, random);
}

async function runCase(
  subjects: readonly Subject[],
  seed: number,
  probe: Probe,
  report: Report,
): Promise<void> {
  const file = fileOf(subjects, seed);
  const first = await measured(file, probe);
  let { ms } = first;
  for (let i = 1; i < TIMES && ms > SLOW_MS; i++)
    ms = Math.min(ms, (await measured(file, probe)).ms);
  worsen(report.slowest, ms, seed);
  worsen(report.largest, first.bytes, seed);
  await count(first.outcome, file, seed, probe, report).catch((error: unknown) => {
    report.failures.push(`seed ${seed}: ${describe(error)}`);
  });
}

/** Uses a file, and says how long it took and by how much memory grew meanwhile, at most. */
async function measured(file: VirtualFile, probe: Probe) {
  const before = probe.memory();
  const started = probe.now();
  let peak = before;
  file.onRead = () => {
    peak = Math.max(peak, probe.memory());
  };
  const outcome = await useFile(file);
  const ms = probe.now() - started;
  return { outcome, ms, bytes: Math.max(peak, probe.memory()) - before };
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
