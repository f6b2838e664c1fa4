import { refuseAborted } from '../abort.ts';
import { chunkError, intactChunk } from './chunks.ts';
import type { Manifest, ModelStore } from './manifest.ts';

/** How far work on a stored file is, bytes. */
export type Update = (done: number, total: number) => void;

/**
 * The chunks of a stored model that are missing or are not what was stored. One that cannot be read now is among them
 * where they are to be fetched (`repair`). Errors: `aborted`; `storage` for such a one otherwise.
 */
export async function damagedChunks(
  store: ModelStore,
  manifest: Manifest,
  signal: AbortSignal,
  update: Update,
  repair = false,
): Promise<number[]> {
  const { hashes, size, chunkBytes } = manifest;
  const damaged: number[] = [];
  for (const index of hashes.keys()) {
    refuseAborted(signal);
    const { fault } = await intactChunk(store, manifest, index);
    if (typeof fault === 'object' && !repair) throw chunkError(manifest, index, fault, '');
    if (fault) damaged.push(index);
    update(Math.min(size, (index + 1) * chunkBytes), size);
  }
  return damaged;
}

/** Puts `damaged` chunks back, as `fetch` gives them. Errors: those of `fetch`. */
export async function repairChunks(
  store: ModelStore,
  { blob, chunkBytes }: Manifest,
  damaged: readonly number[],
  fetch: (index: number) => Promise<ArrayBuffer>,
  update: Update,
): Promise<void> {
  for (const [done, index] of damaged.entries()) {
    await store.replaceChunk(blob, index, await fetch(index));
    update((done + 1) * chunkBytes, damaged.length * chunkBytes);
  }
}
