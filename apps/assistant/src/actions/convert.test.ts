import { expect, test } from 'vitest';
import { convert } from './convert.ts';

test.each([
  ['10', 'km', 'miles', 6.2137],
  ['100', 'celsius', 'fahrenheit', 212],
  ['0', 'kelvin', 'celsius', -273.15],
  ['5', 'pounds', 'kg', 2.268],
  ['2', 'cups', 'ml', 473.176],
  ['90', 'minutes', 'hours', 1.5],
  ['3', 'acres', 'square meters', 12140.57],
  ['1,000', 'mb', 'gb', 1],
  ['60', 'mph', 'km/h', 96.56],
  ['6', 'stone', 'kg', 38.1018],
])('%s %s in %s', (value, from, to, result) => {
  expect(convert(value, from, to)?.result).toBeCloseTo(result, 1);
});

test.each([
  ['10', 'km', 'kg'],
  ['10', 'parsec', 'km'],
  ['many', 'km', 'miles'],
  ['', 'km', 'miles'],
  ['10', 'celsius', 'km'],
])('%s %s in %s has no answer', (value, from, to) => {
  expect(convert(value, from, to)).toBeNull();
});

test('there and back again gives the same value', () => {
  const there = convert('12.5', 'gallons', 'liters')!;
  expect(convert(String(there.result), 'liters', 'gallons')?.result).toBeCloseTo(12.5, 9);
});
