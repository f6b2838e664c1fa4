import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Countdowns } from './countdowns.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1e12 }));
afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;

test('both clocks go on: what is left is what is left (fault 21)', () => {
  const countdowns = new Countdowns();
  const ends = Date.now() + 10 * MINUTE;
  expect(countdowns.left('a', ends)).toBe(10 * MINUTE);
  vi.advanceTimersByTime(MINUTE);
  expect(countdowns.left('a', ends)).toBe(9 * MINUTE);
  expect(countdowns.corrected('a', ends)).toBeNull();
});

test('the device sleeps, or the wall clock jumps ahead: over by the wall clock (fault 21)', () => {
  const countdowns = new Countdowns();
  const ends = Date.now() + 10 * MINUTE;
  countdowns.left('a', ends);
  vi.setSystemTime(Date.now() + 60 * MINUTE);
  expect(countdowns.left('a', ends)).toBeLessThanOrEqual(0);
});

test('the wall clock is set back: over by the steady clock, and what it will show then is known (fault 21)', () => {
  const countdowns = new Countdowns();
  const ends = Date.now() + 10 * MINUTE;
  countdowns.left('a', ends);
  vi.setSystemTime(Date.now() - 60 * MINUTE);
  expect(countdowns.left('a', ends)).toBe(10 * MINUTE);
  expect(countdowns.corrected('a', ends)).toBe(Date.now() + 10 * MINUTE);
  vi.advanceTimersByTime(10 * MINUTE);
  expect(countdowns.left('a', ends)).toBe(0);
});

test('a timer of ten minutes never has more than that left, whatever the clock was (fault 21)', () => {
  const countdowns = new Countdowns();
  const ends = Date.now() + 1000 * MINUTE;
  expect(countdowns.left('a', ends, 10 * MINUTE)).toBe(10 * MINUTE);
  expect(countdowns.corrected('a', ends, 10 * MINUTE)).toBe(Date.now() + 10 * MINUTE);
});
