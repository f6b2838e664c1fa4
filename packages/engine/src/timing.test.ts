import { expect, test } from 'vitest';
import { burstLength, clockStep, Timer } from './timing.ts';

/** A clock that only runs when something is run, shown in steps; looking at it takes a microsecond. */
function fakeWatch(step: number) {
  let time = 0;
  return {
    now: () => {
      time += 0.001;
      return Math.floor(time / step) * step;
    },
    pause: async () => {},
    spend: (ms: number) => {
      time += ms;
    },
  };
}

/** Takes `slow` ms a run at first and `fast` ms once it has run for `tierUp` ms. */
function contender(watch: ReturnType<typeof fakeWatch>, fast: number, slow = fast, tierUp = 0) {
  let spent = 0;
  return {
    run(times: number) {
      const cost = times * (spent < tierUp ? slow : fast);
      spent += cost;
      watch.spend(cost);
    },
  };
}

test.each([0.005, 0.1, 1])('the step of a clock of %d ms is found', (step) => {
  expect(clockStep(fakeWatch(step).now)).toBeCloseTo(step, 2);
});

test('a clock that stands still ends the search', () => {
  expect(clockStep(() => 1)).toBe(0);
});

test('a burst is long enough for the clock and never long', () => {
  expect(burstLength(0.005)).toBe(1);
  expect(burstLength(0.1)).toBe(2);
  expect(burstLength(1)).toBe(6);
});

test.each([0.005, 0.1, 1])(
  'kernels 10 %% apart are told apart by a clock of %d ms',
  async (step) => {
    const watch = fakeWatch(step);
    const [a, b] = await new Timer(watch).compare([
      contender(watch, 0.05),
      contender(watch, 0.055),
    ]);
    expect(b! / a!).toBeGreaterThan(1.05);
    expect(a).toBeGreaterThan(0.045);
    expect(a).toBeLessThan(0.06);
  },
);

test('warming up outlasts the baseline tier, and ends', async () => {
  const watch = fakeWatch(0.1);
  const late = contender(watch, 0.02, 0.08, 40);
  const timer = new Timer(watch);
  const start = watch.now();
  await timer.warm([late, contender(watch, 0.02)]);
  expect(watch.now() - start).toBeLessThan(200);
  const [time] = await timer.compare([late]);
  expect(time).toBeLessThan(0.025);
});
