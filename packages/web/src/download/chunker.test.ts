import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chunker } from './chunker.ts';

test('any slicing gives full chunks and one rest, in order', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 16 }), (pieces, size) => {
      const chunker = new Chunker(size);
      const full = pieces.flatMap((piece) => [...chunker.push(piece)]);
      const rest = chunker.rest();
      const chunks = rest ? [...full, rest] : full;
      expect(full.every((chunk) => chunk.byteLength === size)).toBe(true);
      expect(chunks.flatMap((chunk) => [...new Uint8Array(chunk)])).toEqual(
        pieces.flatMap((piece) => [...piece]),
      );
    }),
  );
});

test('a dropped chunk leaves nothing behind', () => {
  const chunker = new Chunker(4);
  expect([...chunker.push(new Uint8Array(6))]).toHaveLength(1);
  expect(chunker.filled).toBe(2);
  chunker.drop();
  expect(chunker.rest()).toBeNull();
});
