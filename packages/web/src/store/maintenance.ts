import { refuseAborted } from '../abort.ts';
import { intactChunk } from './chunks.ts';
import type { Manifest, ModelStore } from './manifest.ts';

/** How far work on a stored file is, bytes. */
export type Update = (done: number, total: number) => void;

/** The chunks of a stored model that are missing or are not what was stored. Errors: `aborted`. */
export async function damagedChunks(
  store: ModelStore,
  manifest: Manifest,
  signal: AbortSignal,
  update: Update,
): Promise<number[]> {
  const { hashes, size, chunkBytes } = manifest;
  const damaged: number[] = [];
  for (const index of hashes.keys()) {
    refuseAborted(signal);
    const { fault } = await intactChunk(store, manifest, index);
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
