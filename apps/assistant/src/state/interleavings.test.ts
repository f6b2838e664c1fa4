import { expect, test } from 'vitest';
import { explore, type Regression } from '../../test/interleavings.ts';

test('two tabs and crashes in any order: nothing lost, nothing doubled (fault 3)', async () => {
  const { schedules, crashes, lost, doubled, counterexample } = await explore(60, 1);
  expect({ lost, doubled, counterexample }).toEqual({
    lost: [],
    doubled: [],
    counterexample: null,
  });
  expect(schedules).toBe(60);
  expect(crashes).toBeGreaterThan(20);
}, 60_000);

test.each(['whole copy', 'random id'] satisfies Regression[])(
  'the schedules find a %s',
  async (regression) => {
    const { lost, doubled } = await explore(400, 5, regression);
    expect(lost.length + doubled.length).toBeGreaterThan(0);
  },
  60_000,
);
