import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopFilter } from './stop-filter.ts';

/** What a reader sees of `pieces`. */
function read(stops: string[], pieces: string[]): { text: string; stopped: boolean } {
  const filter = new StopFilter(stops);
  let text = '';
  for (const piece of pieces) {
    const part = filter.push(piece);
    text += part.text;
    if (part.stopped) return { text, stopped: true };
  }
  return { text: text + filter.flush(), stopped: false };
}

test('text ends before a stop string that is spread over pieces', () => {
  expect(read(['</s>'], ['one <', '/', 's', '> two'])).toEqual({ text: 'one ', stopped: true });
});

test('what only looked like a stop string is shown', () => {
  expect(read(['</s>'], ['a <', '/b'])).toEqual({ text: 'a </b', stopped: false });
});

test('the earliest of several stop strings counts', () => {
  expect(read(['two', 'one'], ['zero one two'])).toEqual({ text: 'zero ', stopped: true });
});

test('empty stop strings are ignored', () => {
  expect(read([''], ['text'])).toEqual({ text: 'text', stopped: false });
});

test('any slicing shows what the whole text would', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
  const stops = fc.array(
    letters.filter((stop) => stop.length > 0),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(stops, fc.array(letters, { maxLength: 8 }), (ends, pieces) => {
      const whole = pieces.join('');
      const found = ends.map((end) => whole.indexOf(end)).filter((at) => at >= 0);
      const expected = found.length > 0 ? whole.slice(0, Math.min(...found)) : whole;
      expect(read(ends, pieces).text).toBe(expected);
    }),
  );
});
