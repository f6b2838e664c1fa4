import { expect, test } from 'vitest';
import type { LoadProgress } from '../protocol.ts';
import { ProgressMeter } from './progress.ts';

function record(times: number[]) {
  const reports: LoadProgress[] = [];
  const meter = new ProgressMeter(
    'download',
    false,
    (report) => reports.push(report),
    () => times.shift()!,
  );
  return { meter, reports };
}

test('reports are at least 100 ms apart, except the last', () => {
  const { meter, reports } = record([0, 50, 120, 130]);
  for (const loaded of [10, 20, 30, 40]) meter.update(loaded, 40);
  expect(reports.map(({ loadedBytes }) => loadedBytes)).toEqual([10, 30, 40]);
});

test('speed is bytes over the window and gives the time left', () => {
  const { meter, reports } = record([0, 1000]);
  meter.update(0, 3000);
  meter.update(1000, 3000);
  expect(reports[1]).toMatchObject({ bytesPerSecond: 1000, etaMs: 2000 });
});

test('without a known total there is no estimate', () => {
  const { meter, reports } = record([0, 1000]);
  meter.update(0, null);
  meter.update(1000, null);
  expect(reports[1]).toMatchObject({ totalBytes: null, etaMs: null });
});
