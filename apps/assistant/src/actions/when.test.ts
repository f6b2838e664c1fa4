import { expect, test } from 'vitest';
import { parseWhen } from './when.ts';

/** A Sunday, 14:30 local time. */
const NOW = new Date(2026, 10, 22, 14, 30);

test.each([
  ['tomorrow at 5 pm', new Date(2026, 10, 23, 17, 0)],
  ['tomorrow at 5', new Date(2026, 10, 23, 17, 0)],
  ['at 5', new Date(2026, 10, 22, 17, 0)],
  ['at 9 am', new Date(2026, 10, 23, 9, 0)],
  ['at 17:15', new Date(2026, 10, 22, 17, 15)],
  ["at 3 o'clock", new Date(2026, 10, 22, 15, 0)],
  ['in 20 minutes', new Date(2026, 10, 22, 14, 50)],
  ['in an hour', new Date(2026, 10, 22, 15, 30)],
  ['in half an hour', new Date(2026, 10, 22, 15, 0)],
  ['on Friday', new Date(2026, 10, 27, 9, 0)],
  ['next Sunday at noon', new Date(2026, 10, 29, 12, 0)],
  ['on Monday at 7:45 pm', new Date(2026, 10, 23, 19, 45)],
  ['the day after tomorrow', new Date(2026, 10, 24, 9, 0)],
  ['tonight', new Date(2026, 10, 22, 20, 0)],
  ['on March 3', new Date(2027, 2, 3, 9, 0)],
  ['in 2 weeks', new Date(2026, 11, 6, 14, 30)],
])('%s', (text, expected) => {
  expect(new Date(parseWhen(text, NOW)!)).toEqual(expected);
});

test.each(['after work', 'every Monday', 'next month', '', 'at 99'])(
  '%s names no moment',
  (text) => {
    expect(parseWhen(text, NOW)).toBeNull();
  },
);
