import { expect, test } from 'vitest';
import { barChart, lineChart, ticksUpTo } from './chart.ts';

test.each([
  [1, [0, 0.5, 1]],
  [13.7, [0, 5, 10, 15]],
  [2898, [0, 1000, 2000, 3000]],
  [0.04, [0, 0.01, 0.02, 0.03, 0.04]],
])('ticks up to %d are round and reach it', (top, ticks) => {
  const found = ticksUpTo(top);
  expect(found).toHaveLength(ticks.length);
  for (const [i, tick] of ticks.entries()) expect(found[i]).toBeCloseTo(tick, 9);
});

test('a line chart holds its points within its frame, higher values higher', () => {
  const chart = lineChart({
    label: 'growth',
    x: 'tokens',
    y: 'ms',
    points: [
      [128, 5],
      [1024, 8],
      [4096, 14],
    ],
    doubling: true,
  });
  const dots = [...chart.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [+x!, +y!]);
  expect(dots).toHaveLength(3);
  for (const [x, y] of dots) {
    expect(x).toBeGreaterThanOrEqual(40);
    expect(x).toBeLessThanOrEqual(346);
    expect(y).toBeGreaterThanOrEqual(14);
  }
  expect(dots[0]![1]).toBeGreaterThan(dots[2]![1]!);
});

test('names are text, never markup', () => {
  const chart = barChart('"><script>', [{ name: '<b>&', value: 1, text: '1' }]);
  expect(chart).not.toContain('<script');
  expect(chart).not.toContain('<b>');
});
