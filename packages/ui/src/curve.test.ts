import { expect, test } from 'vitest';
import { costCurve } from './curve.ts';
import type { Point } from './statistics.ts';

const CONTEXTS = [128, 256, 512, 1024, 2048, 4064];
const PROMPTS = [16, 32, 64, 128, 256, 512, 1024];
const curve = (xs: number[], cost: (x: number) => number): Point[] =>
  xs.map((x, i) => [x, cost(x) * (1 + (i % 2 === 0 ? 0.03 : -0.03))]);

test('attention alone is no jump', () => {
  expect(
    costCurve(
      curve(CONTEXTS, (n) => 5 + 0.003 * n),
      1,
    ).jumps,
  ).toEqual([]);
  expect(
    costCurve(
      curve(PROMPTS, (n) => 2 + 1.5 * n + 3e-4 * n * n),
      2,
    ).jumps,
  ).toEqual([]);
});

test('a step is named', () => {
  const stepped = curve(CONTEXTS, (n) => (5 + 0.0005 * n) * (n > 1500 ? 1.6 : 1));
  expect(costCurve(stepped, 1).jumps.map(({ at }) => at)).toContain(2048);
});

test('growth beyond attention is named', () => {
  expect(
    costCurve(
      curve(CONTEXTS, (n) => 5 + 2e-6 * n * n),
      1,
    ).jumps.at(-1)?.at,
  ).toBe(4064);
  expect(
    costCurve(
      curve(PROMPTS, (n) => n + 1e-5 * n ** 3),
      2,
    ).jumps.at(-1)?.at,
  ).toBe(1024);
});
