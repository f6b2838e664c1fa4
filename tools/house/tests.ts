import { run } from '../../scripts/lib/run.mjs';
import { root } from '../../tests/support/paths.ts';
import { type Check, type Context, type Figure, seconds } from '../lib/report.ts';
import { BASELINE } from './baseline.ts';
import { type Suite, type SuiteName, type Suites, suitesOf } from './counts.ts';
import { readFixture } from './fixture.ts';

export interface Tests {
  readonly suites: Suites;
  /** `npm test` of the baseline where its fixture was written: its last line but one and its last. */
  readonly run: { readonly time: string; readonly counts: string };
}

/** Tests that go by another name now, and why. */
const RENAMED: Readonly<Record<string, { readonly to: string; readonly reason: string }>> = {};

export const tests: Check = {
  title: `the tests of ${BASELINE}: none is gone, and no assertion with it`,
  async run(context) {
    const before = readFixture<Tests>('tests');
    const now = await suitesOf(root);
    const names = Object.keys(before.suites) as SuiteName[];
    const figures = names.flatMap((name) =>
      figuresOf(name, before.suites[name], now[name], context),
    );
    return [...figures, ...(context.full ? await wholeRun(before) : [])];
  },
};

function figuresOf(name: SuiteName, before: Suite, now: Suite, { note }: Context): Figure[] {
  const gone = goneFrom(before.names, now.names);
  for (const test of gone) note(`${name}, gone: ${test}`);
  const [old, found] = [countOf(before), countOf(now)];
  return [
    {
      label: `${name}: tests`,
      value: `${found}, ${old} before${gone.length ? `, ${gone.length} gone` : ''}`,
      target: 'none fewer, none gone',
      pass: found >= old && gone.length === 0,
    },
    ...(before.assertions === undefined ? [] : [assertions(name, before, now)]),
  ];
}

function assertions(name: SuiteName, before: Suite, now: Suite): Figure {
  const [old, found] = [before.assertions!, now.assertions ?? 0];
  return {
    label: `${name}: assertions`,
    value: `${found}, ${old} before`,
    target: 'none fewer',
    pass: found >= old,
  };
}

const countOf = ({ names, count }: Suite) => count ?? names.length;

/** Names that stand there fewer times than before, after renaming. */
export function goneFrom(before: readonly string[], now: readonly string[]): string[] {
  const left = [...now];
  return before.filter((name) => {
    const at = left.indexOf(RENAMED[name]?.to ?? name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

async function wholeRun(before: Tests): Promise<Figure[]> {
  const start = performance.now();
  const { code, output } = await run('npm', ['test'], { cwd: root });
  const counts = output.trim().split('\n').at(-1) ?? '';
  const time = seconds(performance.now() - start);
  return [
    {
      label: '`npm test`',
      value: `${counts} in ${time}; ${before.run.counts} in ${before.run.time} before`,
      target: 'none failed',
      pass: code === 0,
    },
  ];
}
