import { expect, test } from 'vitest';
import { PARTS, parseOptions } from './options.ts';

test('without options every part runs, three rounds', () => {
  const options = parseOptions([]);
  expect([...options.parts]).toEqual(Object.keys(PARTS));
  expect(options).toMatchObject({ rounds: 3, full: false });
  expect(options.shared).toContain('1.3b-q1_0');
  expect(options.alone).toContain('bitnet-2b4t');
});

test('chosen models reach the peers only where they can read them', () => {
  const options = parseOptions(['--models', '125m-tq2_0,125m-w1a1', '--only', 'speed,memory']);
  expect(options.shared).toEqual(['125m-tq2_0']);
  expect(options.alone).toEqual(['125m-tq2_0', '125m-w1a1']);
  expect([...options.parts]).toEqual(['speed', 'memory']);
});

test.each([
  [['--only', 'sped'], 'no part sped; there are speed,'],
  [['--models', '125m'], 'no model 125m; there are 13m-tq2_0,'],
  [['--rounds', '0'], '--rounds is 0; expected 1 to 15'],
  [['--rounds', 'x'], '--rounds is x'],
  [['--fast'], 'usage: npm run bench'],
])('%j is refused with what there is', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
