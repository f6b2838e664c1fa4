import 'fake-indexeddb/auto';
import type { KernelTiming } from '@pocketbit/engine';
import { afterEach, expect, test, vi } from 'vitest';
import { KernelTimings } from './timings.ts';

const TIMINGS: KernelTiming[] = [
  {
    ...{ family: 'ternary', size: 'large', tokens: 1, rows: 1024, k: 2048 },
    ...{ kernel: 'dot', gmacs: 10, gbs: 2.5, loads: 1 },
  },
];

afterEach(() => {
  vi.unstubAllGlobals();
});

test('timings are stored for the engine and build they were made in, and for no other', async () => {
  await new KernelTimings('simd128', 'build1', true).write(TIMINGS);
  expect(await new KernelTimings('simd128', 'build1', true).read()).toEqual(TIMINGS);
  expect(await new KernelTimings('simd128', 'build2', true).read()).toEqual([]);
  expect(await new KernelTimings('relaxed', 'build1', true).read()).toEqual([]);
  vi.stubGlobal('navigator', { userAgent: 'another', hardwareConcurrency: 2 });
  expect(await new KernelTimings('simd128', 'build1', true).read()).toEqual([]);
});

test('a load that stores nothing stores no timings', async () => {
  await new KernelTimings('scalar', 'build1', false).write(TIMINGS);
  expect(await new KernelTimings('scalar', 'build1', true).read()).toEqual([]);
});

test('without IndexedDB nothing is stored and nothing fails', async () => {
  vi.stubGlobal('indexedDB', undefined);
  const store = new KernelTimings('relaxed', 'build9', true);
  await store.write(TIMINGS);
  expect(await store.read()).toEqual([]);
});
