import { expect, test } from 'vitest';
import { nodeClock } from '../test/clock.ts';
import { Drift, Pace } from './pace.ts';

const signal = new AbortController().signal;

function take(drift: Drift, ms: number, tokens: number): void {
  for (let i = 0; i < tokens; i++) drift.take(ms);
}

test('a device that stays half as fast is given rests, and none once it has recovered', () => {
  const drift = new Drift();
  take(drift, 10, 32);
  expect([drift.lowered, drift.slowdown]).toEqual([false, 1]);
  take(drift, 25, 16);
  expect(drift.lowered, 'one slow window may be another program').toBe(false);
  take(drift, 25, 16);
  expect([drift.lowered, drift.slowdown]).toEqual([true, 2.5]);
  take(drift, 18, 16);
  expect(drift.lowered, 'not recovered').toBe(true);
  take(drift, 12, 16);
  expect(drift.lowered).toBe(false);
});

test('a single slow token in a window is no slow-down', () => {
  const drift = new Drift();
  take(drift, 10, 16);
  for (let window = 0; window < 4; window++) {
    take(drift, 10, 15);
    take(drift, 900, 1);
  }
  expect([drift.lowered, drift.slowdown]).toEqual([false, 1]);
});

test('full speed rests never and reports nothing', async () => {
  const pace = new Pace('full', new Drift(), nodeClock);
  const start = performance.now();
  for (let i = 0; i < 20; i++) await pace.rest(50, signal);
  expect(performance.now() - start).toBeLessThan(50);
  expect(pace.report()).toBeUndefined();
});

test('low power rests as long as a token took, at least', async () => {
  const pace = new Pace('low', new Drift(), nodeClock);
  await pace.rest(100, signal);
  const { lowered, sleptMs } = pace.report()!;
  expect(lowered).toBe(true);
  expect(sleptMs).toBeGreaterThan(97);
});

test('an abort ends a rest', async () => {
  const stop = new AbortController();
  const start = performance.now();
  const rest = new Pace('low', new Drift(), nodeClock).rest(5000, stop.signal);
  stop.abort();
  await rest;
  expect(performance.now() - start).toBeLessThan(1000);
});
