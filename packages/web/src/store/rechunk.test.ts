import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rechunk } from './rechunk.ts';

function streamOf(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

test('any slicing gives full chunks and one rest, in order', async () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 16 }), async (pieces, size) => {
      const chunks: number[][] = [];
      for await (const chunk of rechunk(streamOf(pieces), size)) {
        chunks.push([...new Uint8Array(chunk)]);
      }
      expect(chunks.flat()).toEqual(pieces.flatMap((piece) => [...piece]));
      expect(chunks.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true);
    }),
  );
});

test('leaving the loop cancels the stream', async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(8)),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const _ of rechunk(endless, 4)) break;
  expect(cancelled).toBe(true);
});
