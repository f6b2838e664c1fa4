import { PocketbitError } from '@pocketbit/core';
import { digest } from './hash.ts';
import type { Manifest, ModelStore } from './manifest.ts';

/** The bytes of a stored model, chunk by chunk as they are asked for. Errors: `integrity`. */
export function chunksOf(
  store: ModelStore,
  { blob, hashes, name }: Manifest,
): ReadableStream<Uint8Array> {
  let index = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (index === hashes.length) return controller.close();
        const bytes = await store.chunk(blob, index);
        if (!bytes || (await digest(bytes)) !== hashes[index]) {
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
