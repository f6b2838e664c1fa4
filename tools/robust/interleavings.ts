import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check, type Context, type Figure, seconds } from '../lib/report.ts';
import { type Operation, playInTabs } from './real-tabs.ts';

/** What `apps/assistant/test/explore.ts` prints. */
interface Exploration {
  schedules: number;
  operations: number;
  crashes: number;
  steps: number;
  acknowledged: number;
  lost: string[];
  doubled: string[];
  counterexample: string | null;
}

const SCHEDULES = 10_000;
const FULL_SCHEDULES = 60_000;
const SEED = 20_261_128;
/** Faults that are put in on purpose, each found within so many schedules. */
const REGRESSIONS = ['whole copy', 'random id'];
const REGRESSION_SCHEDULES = 1000;
const IN_TABS = 24;

/** Two tabs and crashes over what the assistant keeps: notes, lists, timers, conversations, actions. */
export const interleavings: Check = {
  title: 'two tabs and a crash over the app’s own state, in orders that fast-check chooses',
  async run({ full, note }: Context): Promise<Figure[]> {
    return [
      ...(await explored(full ? FULL_SCHEDULES : SCHEDULES, note)),
      ...(await Promise.all(REGRESSIONS.map(found))),
      ...(await inTabs(full ? 4 * IN_TABS : IN_TABS, note)),
    ];
  },
};

/** Runs the app's state in processes of their own: its clock and timers are replaced there. */
async function explore<T>(...args: (string | number)[]): Promise<T> {
  const script = join(root, 'apps/assistant/test/explore.ts');
  const options = ['--import', 'tsx', '--conditions=pocketbit-source', script];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...options, ...args.map(String)],
    { cwd: root, maxBuffer: 2 ** 28 },
  );
  return JSON.parse(stdout) as T;
}

async function explored(schedules: number, note: Context['note']): Promise<Figure[]> {
  const start = performance.now();
  const processes = Math.min(4, availableParallelism());
  const each = Math.ceil(schedules / processes);
  const parts = await Promise.all(
    Array.from({ length: processes }, (_, i) => explore<Exploration>(each, SEED + i)),
  );
  const sum = (count: (part: Exploration) => number) =>
    parts.reduce((total, part) => total + count(part), 0);
  note(
    `${sum((part) => part.operations)} operations, ${sum((part) => part.crashes)} crashes, ` +
      `${sum((part) => part.steps)} waits released, ${sum((part) => part.acknowledged)} actions ` +
      `acknowledged, in ${seconds(performance.now() - start)}; seeds ${SEED} to ${SEED + processes - 1}`,
  );
  for (const { counterexample } of parts) if (counterexample) note(counterexample);
  return [
    bounded(
      'schedules',
      sum((part) => part.schedules),
      { min: schedules },
      String,
    ),
    bounded(
      'lost',
      sum((part) => part.lost.length),
      { max: 0 },
      String,
    ),
    bounded(
      'doubled',
      sum((part) => part.doubled.length),
      { max: 0 },
      String,
    ),
    whole(parts),
  ];
}

function whole(parts: Exploration[]): Figure {
  const broken = parts.filter(({ counterexample }) => counterexample !== null).length;
  return {
    label: 'schedules that ended as they should',
    value: broken === 0 ? 'all' : `not in ${broken} of ${parts.length} processes`,
    target: 'all',
    pass: broken === 0,
  };
}

/** That the schedules would find a fault: each that is put in on purpose is found. */
async function found(regression: string): Promise<Figure> {
  const { schedules, lost, doubled } = await explore<Exploration>(
    REGRESSION_SCHEDULES,
    SEED,
    regression,
  );
  const pass = lost.length + doubled.length > 0;
  return {
    label: `with a ${regression} put in on purpose`,
    value: pass ? `red after ${schedules} schedules` : `green over ${schedules}`,
    target: 'red',
    pass,
  };
}

async function inTabs(count: number, note: Context['note']): Promise<Figure[]> {
  const scripts = await explore<Operation[][]>('sample', count, SEED);
  const start = performance.now();
  const { operations, crashes, lost, doubled } = await playInTabs(scripts);
  note(
    `in tabs of Chromium: ${operations} operations, ${crashes} crashes, ` +
      `${seconds(performance.now() - start)}`,
  );
  return [
    bounded('scripts played in real tabs', scripts.length, { min: count }, String),
    bounded('lost in real tabs', lost.length, { max: 0 }, String),
    bounded('doubled in real tabs', doubled.length, { max: 0 }, String),
  ];
}
