import { PocketbitError } from '@pocketbit/core';
import { isChunk } from './hash.ts';
import type { Draft, Manifest, ModelStore } from './manifest.ts';

/** A chunk as the store has it: intact, or why it cannot be used. */
export type StoredChunk =
  | { bytes: ArrayBuffer; fault?: never }
  | { bytes?: never; fault: ChunkFault };

/** It is not there, it is not what was stored, or the browser cannot read it now. Only the last says nothing about the chunk. */
export type ChunkFault = 'missing' | 'damaged' | { unreadable: unknown };

/** Reads chunk `index` of a stored file and compares it with its hash. The one place that decides what a chunk that does not come is. */
export async function intactChunk(
  store: ModelStore,
  { blob, hashes }: Draft,
  index: number,
): Promise<StoredChunk> {
  try {
    const bytes = await store.chunk(blob, index);
    if (bytes === undefined) return { fault: 'missing' };
    return (await isChunk(bytes, hashes[index])) ? { bytes } : { fault: 'damaged' };
  } catch (unreadable) {
    return { fault: { unreadable } };
  }
}

/** The error for a chunk that does not come: `storage` where it cannot be read now, `integrity` where it is lost. */
export function chunkError(
  { hashes, name }: Draft,
  index: number,
  fault: ChunkFault,
  advice: string,
  cause?: unknown,
): PocketbitError {
  const chunk = `Chunk ${index + 1} of ${hashes.length} of ${name}`;
  if (typeof fault === 'string') {
    return new PocketbitError(
      'integrity',
      `${chunk} is ${fault} in the browser's storage${advice}`,
      { cause },
    );
  }
  return new PocketbitError(
    'storage',
    `${chunk} cannot be read from the browser's storage now. Nothing of it was deleted. Reload the page, or load while online.`,
    { cause: fault.unreadable },
  );
}

/** The bytes of a stored model, chunk by chunk as they are asked for. Errors: `integrity`, `storage`. */
export function exportChunks(store: ModelStore, manifest: Manifest): ReadableStream<Uint8Array> {
  let index = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (index === manifest.hashes.length) return controller.close();
        const { bytes, fault } = await intactChunk(store, manifest, index);
        if (!bytes) {
          throw chunkError(
            manifest,
            index,
            fault,
            '. Repair the stored model first: repairModel().',
          );
        }
        index++;
        controller.enqueue(new Uint8Array(bytes));
      },
    },
    { highWaterMark: 0 },
  );
}
