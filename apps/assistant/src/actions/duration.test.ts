import { expect, test } from 'vitest';
import { formatClock, parseDuration } from './duration.ts';

test.each([
  ['10 minutes', 600_000],
  ['1 hour 30 minutes', 5_400_000],
  ['1 minute and 30 seconds', 90_000],
  ['1.5 hours', 5_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 'soon', '10', '0 minutes', '10 parsecs', '10 minutes ago', '999 days'])(
  '%s is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test.each([
  [600_000, '10:00'],
  [59_001, '1:00'],
  [1, '0:01'],
  [0, '0:00'],
  [-5, '0:00'],
  [3_661_000, '1:01:01'],
])('%d ms read %s', (ms, text) => {
  expect(formatClock(ms)).toBe(text);
});
