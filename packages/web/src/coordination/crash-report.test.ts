import 'fake-indexeddb/auto';
import { get, set } from 'idb-keyval';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { sessionDatabase } from '../store/session-database.ts';
import { type Caution, type Crash, Marks } from './crash-marker.ts';
import { cautiousContext } from './crash-report.ts';

beforeAll(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }));
afterAll(() => vi.unstubAllGlobals());

const crash: Crash = { phase: 'load', contextLength: 2048, residentBytes: 1, at: 0 };
const goodRun = (source: string) => new Marks(source, 'visit').prove();

test('after a crash the model starts with half the context, until a token was made', async () => {
  expect(await cautiousContext('a', crash)).toBe(1024);
  expect(await cautiousContext('a', null)).toBe(1024);
  await goodRun('a');
  expect(await cautiousContext('a', null)).toBeNull();
});

test('after a second crash it does so for a week, whatever goes well', async () => {
  await cautiousContext('b', crash);
  await goodRun('b');
  expect(await cautiousContext('b', crash)).toBe(1024);
  await goodRun('b');
  expect(await cautiousContext('b', null)).toBe(1024);
  const kept = await get<Caution>(['caution', 'b'], sessionDatabase());
  await set(['caution', 'b'], { ...kept, at: Date.now() - 8 * 86_400_000 }, sessionDatabase());
  expect(await cautiousContext('b', null)).toBeNull();
  await cautiousContext('b', crash);
  await goodRun('b');
  expect(await cautiousContext('b', null)).toBeNull();
});

test('a crash in a download, or of another model, is no reason; 256 positions are the least', async () => {
  expect(await cautiousContext('c', { ...crash, phase: 'download' })).toBeNull();
  await cautiousContext('d', { ...crash, contextLength: 300 });
  expect(await cautiousContext('d', null)).toBe(256);
  expect(await cautiousContext('c', null)).toBeNull();
  await goodRun('c');
  expect(await get(['caution', 'c'], sessionDatabase())).toBeUndefined();
});
