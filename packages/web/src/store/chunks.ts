import { PocketbitError } from '@pocketbit/core';
import { digest } from './hash.ts';
import type { Draft, Manifest, ModelStore } from './manifest.ts';

/** A chunk as the store has it: intact, or why it cannot be used. */
export type StoredChunk =
  | { bytes: ArrayBuffer; fault?: never }
  | { bytes?: never; fault: 'missing' | 'damaged' };

/** Reads chunk `index` of a stored file and compares it with its hash. The one place that decides what a chunk that does not come is. */
export async function intactChunk(
  store: ModelStore,
  { blob, hashes }: Draft,
  index: number,
): Promise<StoredChunk> {
  const bytes = await store.chunk(blob, index);
  if (!bytes) return { fault: 'missing' };
  return (await digest(bytes)) === hashes[index] ? { bytes } : { fault: 'damaged' };
}

/** The bytes of a stored model, chunk by chunk as they are asked for. Errors: `integrity`. */
export function exportChunks(store: ModelStore, manifest: Manifest): ReadableStream<Uint8Array> {
  const { hashes, name } = manifest;
  let index = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (index === hashes.length) return controller.close();
        const { bytes } = await intactChunk(store, manifest, index);
        if (!bytes) {
          throw new PocketbitError(
            'integrity',
            `Chunk ${index + 1} of ${hashes.length} of ${name} is damaged. Repair the stored model first: repairModel().`,
          );
        }
        index++;
        controller.enqueue(new Uint8Array(bytes));
      },
    },
    { highWaterMark: 0 },
  );
}
