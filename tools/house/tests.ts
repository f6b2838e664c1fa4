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

const WORDS = 'the field’s terms';

/** Tests that go by another name now, and why. */
const RENAMED: Readonly<Record<string, { readonly to: string; readonly reason: string }>> = {
  every_field_is_checked: {
    to: 'every_field_of_a_config_is_checked',
    reason: 'fields have names',
  },
  good_values_decode: {
    to: 'good_values_are_a_config',
    reason: 'fields have names',
  },
  'BitNet 2B-4T plans, and its size is known before a weight is read': {
    to: 'BitNet 2B-4T plans before a weight is read',
    reason: 'its size is memory.test.ts’s',
  },
  'PocketbitError.from > Error: context-full: no room for 3 tokens': {
    to: 'PocketbitError.from > Error: no room for 3 tokens',
    reason: 'codes are a property',
  },
  'a download that a later one has taken over writes nothing any more': {
    to: 'a download that a later one has superseded writes nothing any more',
    reason: WORDS,
  },
  'a failure of the work is the failure of the turn': {
    to: 'a failure of the work is the failure of the job',
    reason: WORDS,
  },
  'a load that keeps nothing keeps no timings': {
    to: 'a load that stores nothing stores no timings',
    reason: 'chooser and store are tested apart',
  },
  'a place that can never serve is not asked again; without others its failure is the end': {
    to: 'a source that can never serve is not asked again; without others its failure is the end',
    reason: WORDS,
  },
  'a place that fails gives way to the next, and comes back in the next round': {
    to: 'a source that fails gives way to the next, and comes back in the next round',
    reason: WORDS,
  },
  'a place with other bytes gives way to one with the right ones, ranges or not': {
    to: 'a source with other bytes gives way to one with the right ones, ranges or not',
    reason: WORDS,
  },
  'a stream is kept under its content': {
    to: 'a stream is stored under its content',
    reason: WORDS,
  },
  'architectures > a multiplier takes its linear’s slot plus 40': {
    to: 'architectures > a linear may have a multiplier',
    reason: 'tensors have names; its room is memory.test.ts’s',
  },
  'gaps are the times between arrivals': {
    to: 'gaps are the differences of neighbouring times',
    reason: WORDS,
  },
  'one that was stopped before its turn does nothing, with Web Locks or without': {
    to: 'one that was stopped before it has the lock does nothing, with Web Locks or without',
    reason: WORDS,
  },
  'picks reach the engine as numbers, and its refusal keeps its code': {
    to: 'picks reach the engine by name, and its refusal keeps its code',
    reason: 'the door has names',
  },
  "tests/browser/journey.spec.ts may hold import models from '../../apps/assistant/models.json';": {
    to: "tests/browser/bench.spec.ts may not hold import type { Result } from '../../apps/bench/src/result.ts';",
    reason: 'apps are leaves',
  },
  'the config > resident bytes are their parts': {
    to: 'resident bytes are their parts',
    reason: 'the engine counts: memory.test.ts',
  },
  'the engine profile gets the names of the tensors': {
    to: 'what the engine tells of its kernels is joined with the plan',
    reason: 'the profile is records',
  },
  'the first name is the default': {
    to: 'stored timings spare the measurement',
    reason: 'kernelNames is a list; trial.rs runs every listed kernel',
  },
  'the one that took over finishes, and what the other kept in its own place is swept': {
    to: 'the later download finishes, and what the other stored of its own is swept',
    reason: WORDS,
  },
  'timings are kept for the engine and build they were made in, and for no other': {
    to: 'timings are stored for the engine and build they were made in, and for no other',
    reason: WORDS,
  },
  'what does not fit > a context that no wasm memory holds': {
    to: 'a context that no wasm memory holds is refused',
    reason: 'the engine counts: memory.test.ts',
  },
  'what does not fit > a matrix of 2^30 weights': {
    to: 'a matrix of 2^30 weights does not fit',
    reason: WORDS,
  },
  'what is kept comes back; a timer that ended meanwhile is over without ringing': {
    to: 'what was stored comes back; a timer that ended meanwhile is over without ringing',
    reason: WORDS,
  },
  'what is no failure of a place is thrown at once': {
    to: 'what is no failure of a source is thrown at once',
    reason: WORDS,
  },
  'where no place has the bytes any more, that is an integrity error': {
    to: 'where no source has the bytes any more, that is an integrity error',
    reason: WORDS,
  },
  'with Web Locks one tab works, and the other is told how far it is until its own turn': {
    to: 'with Web Locks one tab works, and its progress is reported to the other until that has the lock',
    reason: WORDS,
  },
  'without IndexedDB the kernels are timed and not kept': {
    to: 'without IndexedDB nothing is stored and nothing fails',
    reason: 'chooser and store are tested apart',
  },
  'without Web Locks a tab that was overtaken writes beside, not over': {
    to: 'without Web Locks a tab that was superseded writes beside, not over',
    reason: WORDS,
  },
  'without Web Locks one tab works, and the other is told how far it is until its own turn': {
    to: 'without Web Locks one tab works, and its progress is reported to the other until that has the lock',
    reason: WORDS,
  },
  'work whose lock is stolen is told so, and begins again behind the thief': {
    to: 'work whose lock is stolen is aborted, and begins again behind the thief',
    reason: WORDS,
  },
};

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
