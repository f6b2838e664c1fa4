import { expect, test } from 'vitest';
import { costAt, fitCost, gaps, median, type Point, quantile, quietGap } from './statistics.ts';

test('the median of odd and even counts', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('quantiles interpolate between neighbours', () => {
  const values = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(quantile(values, 0.95)).toBeCloseTo(95);
  expect(quantile([1, 2], 0.25)).toBe(1.25);
  expect(quantile([7], 0.95)).toBe(7);
});

test('gaps are the differences of neighbouring times', () => {
  expect(gaps([5, 7, 12])).toEqual([2, 5]);
  expect(gaps([5])).toEqual([]);
});

test('the quiet gap looks through the steps of a clock and past a disturbance', () => {
  const times = Array.from({ length: 33 }, (_, i) => Math.floor(i * 0.25) + (i > 20 ? 40 : 0));
  expect(quietGap(times)).toBe(0.25);
  expect(quietGap([0, 3])).toBe(3);
});

const curve = (c: number[], xs: number[]): Point[] => xs.map((x) => [x, costAt(c, x)]);
const CONTEXTS = [128, 256, 512, 1024, 2048, 4096];

test('a cost that is a polynomial is found again', () => {
  const line = fitCost(curve([5, 0.002], CONTEXTS), 1);
  expect(line[0]).toBeCloseTo(5, 9);
  expect(line[1]).toBeCloseTo(0.002, 9);
  const square = fitCost(curve([10, 0.5, 1e-4], CONTEXTS), 2);
  expect(square[0]).toBeCloseTo(10, 6);
  expect(square[1]).toBeCloseTo(0.5, 9);
  expect(square[2]).toBeCloseTo(1e-4, 9);
});

test('no part of a cost is negative', () => {
  const falling: Point[] = CONTEXTS.map((x) => [x, 10 - x / 1000]);
  const found = fitCost(falling, 1);
  expect(found[1]).toBe(0);
  expect(found[0]).toBeGreaterThan(5);
});
