import { expect, test } from 'vitest';
import { missingIn } from './commands.ts';
import { recorded } from './identical.ts';
import { decode, encode } from './page/values.js';
import { goneFrom } from './tests.ts';

test('an answer may gain keys, and loses or changes none', () => {
  const before = { ids: [1, 2], stats: { ms: 'number' } };
  expect(
    missingIn(before, { ids: [1, 2], stats: { ms: 'number', more: 1 }, new: 2 }, 'it'),
  ).toEqual([]);
  expect(missingIn(before, { ids: [1, 3], stats: {} }, 'it')).toEqual([
    'it.ids[1]: 2 before, 3 now',
    'it.stats.ms is gone',
  ]);
  expect(missingIn(before, { ids: [1], stats: null }, 'it')).toHaveLength(2);
});

test('a test that stood there twice and stands there once is gone', () => {
  expect(goneFrom(['a', 'b', 'b'], ['b', 'c', 'a'])).toEqual(['b']);
  expect(goneFrom(['a', 'b'], ['b', 'a', 'a'])).toEqual([]);
});

test('artifacts that do not agree are not recorded, and native Rust that reads another model is left out', () => {
  const bits = (logits: Record<string, Record<string, string>>) =>
    recorded({ files: {}, logits, sessions: {}, records: {}, contracts: {} }).logits;
  expect(bits({ run: { native: 'x', 'Node scalar': 'x', 'Chromium relaxed': 'x' } })).toEqual({
    run: { sha256: 'x', native: true },
  });
  expect(bits({ run: { native: 'y', 'Node scalar': 'x' } })).toEqual({
    run: { sha256: 'x', native: false },
  });
  expect(() => bits({ run: { 'Node scalar': 'x', 'Chromium relaxed': 'y' } })).toThrow('run');
});

test('what IndexedDB keeps comes back from JSON as it was', () => {
  const value = {
    bytes: Uint8Array.of(0, 255, 7),
    words: Uint32Array.of(1, 2 ** 32 - 1),
    buffer: Uint8Array.of(1, 2).buffer,
    date: new Date(5),
    list: [1, null, undefined, 'x', Number.POSITIVE_INFINITY, 5n],
  };
  expect(decode(JSON.parse(JSON.stringify(encode(value))))).toEqual(value);
  expect(() => encode(new Map())).toThrow('Map');
});
