import 'fake-indexeddb/auto';
import { get, set } from 'idb-keyval';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { sessionStore } from '../store/session-database.ts';
import { type Caution, type Crash, CrashMarker } from './crash-marker.ts';
import { CrashReports } from './crash-report.ts';

beforeAll(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }));
afterAll(() => vi.unstubAllGlobals());

const crash: Crash = { phase: 'load', contextLength: 2048, residentBytes: 1, at: 0 };
const reports = new CrashReports();
const goodRun = (source: string) => new CrashMarker(source, 'visit').survived();

test('after a crash the model starts with half the context, until a token was made', async () => {
  expect(await reports.maxContext('a', crash)).toBe(1024);
  expect(await reports.maxContext('a', null)).toBe(1024);
  await goodRun('a');
  expect(await reports.maxContext('a', null)).toBeNull();
});

test('after a second crash it does so for a week, whatever goes well', async () => {
  await reports.maxContext('b', crash);
  await goodRun('b');
  expect(await reports.maxContext('b', crash)).toBe(1024);
  await goodRun('b');
  expect(await reports.maxContext('b', null)).toBe(1024);
  const kept = await get<Caution>(['caution', 'b'], sessionStore());
  await set(['caution', 'b'], { ...kept, at: Date.now() - 8 * 86_400_000 }, sessionStore());
  expect(await reports.maxContext('b', null)).toBeNull();
  await reports.maxContext('b', crash);
  await goodRun('b');
  expect(await reports.maxContext('b', null)).toBeNull();
});

test('a crash in a download, or of another model, is no reason; 256 positions are the least', async () => {
  expect(await reports.maxContext('c', { ...crash, phase: 'download' })).toBeNull();
  await reports.maxContext('d', { ...crash, contextLength: 300 });
  expect(await reports.maxContext('d', null)).toBe(256);
  expect(await reports.maxContext('c', null)).toBeNull();
  await goodRun('c');
  expect(await get(['caution', 'c'], sessionStore())).toBeUndefined();
});

const MARKERS: [string, unknown][] = [
  ['null', null],
  ['a number', 5],
  ['a text', 'mark'],
  ['an empty record', {}],
  ['a later version', { ...crash, visit: 'gone', version: 2 }],
  ['another phase', { ...crash, visit: 'gone', phase: 'later' }],
  ['a context of text', { ...crash, visit: 'gone', contextLength: '2048' }],
  ['no time', { ...crash, visit: 'gone', at: Number.NaN }],
  ['no visit', crash],
];

test.each(MARKERS)('a marker that is %s is none (fault 18)', async (_, record) => {
  await set(['mark', 'f'], record, sessionStore());
  expect(await reports.find('f', true)).toBeNull();
  expect(await get(['mark', 'f'], sessionStore())).toEqual(record);
});

const CAUTIONS: [string, unknown][] = [
  ['null', null],
  ['a number', 5],
  ['a later version', { version: 2, contextLength: 512, at: Date.now(), again: true }],
  ['a context of text', { contextLength: '512', at: Date.now(), again: true }],
  ['a context of NaN', { contextLength: Number.NaN, at: Date.now(), again: true }],
  ['a context of one position', { contextLength: 1, at: Date.now(), again: true }],
  ['one of next year', { contextLength: 512, at: Date.now() + 400 * 86_400_000, again: true }],
  ['no time', { contextLength: 512, again: true }],
];

test.each(CAUTIONS)('a caution that is %s limits nothing (fault 18)', async (_, record) => {
  await set(['caution', 'g'], record, sessionStore());
  expect(await reports.maxContext('g', null)).toBeNull();
  await goodRun('g');
  expect(await reports.maxContext('g', crash)).toBe(1024);
});

test('records of versions before 0.2 are read (fault 18)', async () => {
  vi.stubGlobal('localStorage', { getItem: () => null, removeItem: () => {} });
  await set(['mark', 'h'], { ...crash, visit: 'gone' }, sessionStore());
  expect(await reports.find('h', true)).toEqual(crash);
  await set(['caution', 'h'], { contextLength: 512, at: Date.now(), again: true }, sessionStore());
  expect(await reports.maxContext('h', null)).toBe(512);
});
