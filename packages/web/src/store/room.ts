import { PocketbitError } from '@pocketbit/core';
import type { Draft, ModelStore } from './manifest.ts';

/** Throws `quota`, or has the rest held in memory, when a file with `loaded` of it kept is more than there is room for. */
export async function checkRoom(draft: Draft, loaded: number, store: ModelStore): Promise<void> {
  if (store.kind === 'memory' || draft.size === null) return;
  const room = await storageRoom();
  if (!room) return;
  const needed = draft.size - loaded;
  if (needed <= room.quota - room.usage) return;
  if (!store.overflow) throw quotaError(needed, room);
  store.overflow();
}

/** Whether a download failed for want of room and can never have enough of it, so that its part is not worth keeping. */
export async function neverFits(error: unknown, draft: Draft): Promise<boolean> {
  if (!(error instanceof PocketbitError) || error.code !== 'quota') return false;
  const room = await storageRoom();
  return draft.size === null || !room || draft.size > room.quota;
}

/** The bytes this origin may use and does use; null where the browser does not say. */
export async function storageRoom(): Promise<{ quota: number; usage: number } | null> {
  const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
  if (estimate?.quota === undefined) return null;
  return { quota: estimate.quota, usage: estimate.usage ?? 0 };
}

/** The error for `needed` bytes that found no room; unknown where the browser refused a write. */
export function quotaError(
  needed: number | null,
  room: { quota: number; usage: number } | null,
  cause?: unknown,
): PocketbitError {
  const wants =
    needed === null
      ? 'There is no room left for the model'
      : `The model needs ${megabytes(needed)} more`;
  const has = room
    ? ` and the browser offers ${megabytes(Math.max(0, room.quota - room.usage))} of ${megabytes(room.quota)}`
    : '';
  return new PocketbitError(
    'quota',
    `${wants}${has}. Free some disk space, delete a stored model, or load with \`store: 'prefer'\` to run from memory.`,
    { cause },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
