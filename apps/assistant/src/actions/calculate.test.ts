import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calculate, formatNumber } from './calculate.ts';

test.each([
  ['12 * 7', 84],
  ['2 + 3 * 4', 14],
  ['10 - 4 - 3', 3],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['(1 + 2) * -3', -9],
  ['80 * 15 / 100', 12],
  ['50%', 0.5],
  ['1.5 + .5', 2],
])('%s = %d', (expression, value) => {
  expect(calculate(expression)).toBe(value);
});

test.each([
  '',
  '1 +',
  '(1',
  '1)',
  '2 / 0',
  'alert(1)',
  '1 2',
  '1..2',
  `${'('.repeat(9999)}1`,
  '- '.repeat(9999),
])('%s has no answer', (expression) => {
  expect(calculate(expression)).toBeNull();
});

test('agrees with the language on sums and products', () => {
  const number = fc.integer({ min: 0, max: 999 });
  const operator = fc.constantFrom('+', '-', '*');
  fc.assert(
    fc.property(number, fc.array(fc.tuple(operator, number), { maxLength: 6 }), (first, rest) => {
      const expression = rest.reduce(
        (text, [op, value]) => `${text} ${op} ${value}`,
        String(first),
      );
      expect(calculate(expression)).toBe(new Function(`return ${expression}`)());
    }),
  );
});

test.each([
  [0.1 + 0.2, '0.3'],
  [1234567, '1,234,567'],
  [1 / 3, '0.3333333333'],
  [1e21, '1.000000e+21'],
])('%d reads %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
