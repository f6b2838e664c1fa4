import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOf, SHAPES } from '../../../../../tests/support/answer-shapes.ts';
import { MAX_UNIT, type Place, unitAt } from './units.ts';

const START: Place = { at: 0, fence: '' };

/** The parts of an answer that is there at once. */
function unitsOf(text: string): string[] {
  const units: string[] = [];
  for (let place: Place | null = START; place; ) {
    const unit = unitAt(text, place);
    if (unit.text !== '') units.push(unit.text);
    place = unit.next;
  }
  return units;
}

/** The parts as they become complete while the answer grows. */
function streamed(text: string, steps: readonly number[]): string[] {
  const units: string[] = [];
  let place = START;
  let length = 0;
  for (const step of [...steps, text.length]) {
    length = Math.min(text.length, length + step);
    for (;;) {
      const unit = unitAt(text.slice(0, length), place);
      if (!unit.next) break;
      units.push(unit.text);
      place = unit.next;
    }
  }
  const { text: last } = unitAt(text, place);
  return last === '' ? units : [...units, last];
}

const LINES = [
  '',
  'a',
  '- b',
  '  - c',
  '1. d',
  '```',
  '~~~',
  '# e',
  '---',
  '> f',
  'g '.repeat(900),
  '|h|',
  '|-|',
  '   ',
];

test('an answer has the same parts however it came', () => {
  const texts = fc.array(fc.constantFrom(...LINES), { maxLength: 40 });
  const steps = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 60 });
  fc.assert(
    fc.property(texts, steps, (lines, cuts) => {
      const text = lines.join('\n');
      expect(streamed(text, cuts)).toEqual(unitsOf(text));
    }),
    { seed: 10, numRuns: 200 },
  );
});

test.each(Object.keys(SHAPES))('parts of an answer are short: %s (fault 10)', (name) => {
  const text = answerOf(SHAPES[name]!);
  const units = unitsOf(text);
  for (const unit of units) expect(unit.length).toBeLessThan(MAX_UNIT + 100);
  expect(units.join('').length).toBeGreaterThanOrEqual(text.length);
});
