// Strings on which tokenizers tend to differ, drawn from a seed.
import { type Word, words } from './fill.ts';

/** Ranges of assigned letters, so that no version of Unicode's tables changes what they are. */
const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0xc0, 0xff],
  [0x3b1, 0x3c9],
  [0x430, 0x44f],
  [0x5d0, 0x5ea],
  [0x627, 0x64a],
  [0x905, 0x939],
  [0xe01, 0xe2e],
  [0x3042, 0x3093],
  [0x30a2, 0x30f3],
  [0x4e00, 0x4fff],
  [0xac00, 0xad00],
  [0x1d400, 0x1d433],
];

const WORDS = (
  "the quick brown fox jumps over a lazy dog and then it's they'll WE'VE I'm DON'T hello world " +
  'naïve Straße façade Ελλάδα привет мир שלום नमस्ते สวัสดี こんにちは カタカナ 世界 你好 안녕하세요'
).split(' ');
const PIECES: readonly string[] = [
  ...['.', ',', '!', '?', '...', '—', '(', ')', '[]', '{}', '"', "'", '’', '`', '~', '^', '|'],
  ...['+', '=', '<', '>', '<=', '$', '€', '%', '&', '@', '#', '\\', '/', '//', '::', '_', '-', '*'],
  ...['🦊', '👍🏽', '👩‍👩‍👧', '🇫🇷', '❤️', '🏴‍☠️', '𓀀'],
  ...['é', 'ñ', 'ȩ̃', 'ö̲', '\u0301', '\u200d', '\ufe0f', '\u200b', '\u00ad', '\ufeff'],
  ...['\0', '\x01', '\x07', '\x1b[0m', '\x7f', '\x85', '\u2028', '\u2029', '\ufffd'],
  ...['½', '²', 'Ⅷ', '٣', '०', '１２', '〇'],
  ...["'S", "'re", "'Ll", '▁', '▁▁', 'Ġ', 'Ċ', '<|endoftext|>', '<s>', '</s>', '<unk>', '<0x41>'],
  ...['<tool>', '[[end]]', '<|im_start|>', 'https://a.example/b?c=1&d=2', 'x_y.z', 'fn(a, b) => a'],
];
const SPACES: readonly string[] = [
  ...[
    ' ',
    ' ',
    ' ',
    ' ',
    '  ',
    '   ',
    '        ',
    '\n',
    '\n\n',
    '\r\n',
    '\t',
    '\t\t',
    ' \n ',
    '\n  ',
  ],
  ...['\u00a0', '\u3000', '\u2003', '\v', '\f', '\u1680', '\u202f'],
];

/** `count` strings; equal seeds give equal strings everywhere. */
export function tokenizerStrings(count: number, seed: number): string[] {
  const next = words(seed);
  return Array.from({ length: count }, (_, i) => drawString(next, i));
}

function drawString(next: Word, index: number): string {
  // Every length comes; the first few strings are the shortest.
  const parts = index < 8 ? index : 1 + (next() % 24);
  let text = '';
  for (let i = 0; i < parts; i++) text += drawPart(next);
  return text;
}

function drawPart(next: Word): string {
  const one = <T>(list: readonly T[]): T => list[next() % list.length]!;
  switch (next() % 10) {
    case 0:
    case 1:
    case 2:
      return one(WORDS);
    case 3:
    case 4:
    case 5:
      return one(SPACES);
    case 6:
      return one(PIECES);
    case 7:
      return String(next()).slice(0, 1 + (next() % 9));
    case 8:
      return one(SPACES).repeat(1 + (next() % 6));
    default:
      return letters(one(RANGES), next);
  }
}

function letters([first, last]: readonly [number, number], next: Word): string {
  const count = 1 + (next() % 8);
  const points = Array.from({ length: count }, () => first + (next() % (last - first + 1)));
  return String.fromCodePoint(...points);
}
