import { expect, test } from 'vitest';
import { displayName } from './display.ts';

const code = (value: number) => String.fromCodePoint(value);
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Bidi controls, what has no width, control characters of C0 and C1, separators, tags, fillers, halves of pairs. */
const HIDDEN = [
  ...range(0x202a, 0x202e),
  ...range(0x2066, 0x2069),
  ...[0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0xfeff, 0x061c, 0x00ad, 0x180e],
  ...range(0, 0x1f),
  ...range(0x7f, 0x9f),
  ...[0x2028, 0x2029, 0xe0001, 0xe0041, 0x115f, 0x1160, 0x3164, 0xffa0, 0x034f, 0xfe0f, 0xd800],
];

test('what hides, turns round or breaks up a name is shown as its escape (fault 26)', () => {
  for (const value of HIDDEN) {
    const shown = displayName(`a${code(value)}b`);
    expect(shown).toMatch(/^a\\u(\{[0-9a-f]{5}\}|[0-9a-f]{4})b$/);
    expect(displayName(shown)).toBe(shown);
  }
  expect(displayName('model\u202efugg.exe')).toBe('model\\u202efugg.exe');
  expect(displayName('a\n\u001b[2Kruns yes')).toBe('a\\u000a\\u001b[2Kruns yes');
});

test('names of every script and emoji stay as they are', () => {
  for (const name of [
    'Größe 7.gguf',
    '模型',
    'שלום',
    'नमस्ते',
    'é',
    '👩🏽‍🚀 ❤️ 1️⃣ 👨‍👩‍👧',
    '“a” — b',
  ]) {
    expect(displayName(name)).toBe(name);
  }
});

test('a long name is cut, never inside a character', () => {
  expect(displayName('x'.repeat(200))).toBe('x'.repeat(200));
  expect(displayName('x'.repeat(10_000_000))).toBe(`${'x'.repeat(200)}…`);
  expect(displayName('xx🦊', 3)).toBe('xx…');
});
