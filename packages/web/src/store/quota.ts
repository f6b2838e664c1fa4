import { PocketbitError } from '@pocketbit/core';
import type { Draft, ModelStore } from './manifest.ts';

/** Throws `quota`, or has the rest held in memory, when a file with `loaded` of it kept is more than there is room for. */
export async function checkRoom(draft: Draft, loaded: number, store: ModelStore): Promise<void> {
  if (store.kind === 'memory' || draft.size === null) return;
  const room = await storageRoom();
  if (!room) return;
  const needed = draft.size - loaded;
  const free = Math.max(0, room.quota - room.usage);
  if (needed <= free) return;
  if (store.overflow) return store.overflow();
  throw quotaError(
    `The model needs ${megabytes(needed)} more and the browser offers ${megabytes(free)} of ${megabytes(room.quota)}.`,
  );
}

/**
 * The error for a write that found no room with `kept` bytes of a file written; null for any other error.
 * Platform fact: Chromium 156 tells every page of a quota of 10 GiB above what it uses, so only a write finds out.
 */
export function outOfRoom(error: unknown, { size }: Draft, kept: number): PocketbitError | null {
  if (!(error instanceof PocketbitError) || error.code !== 'quota' || !error.cause) return null;
  const whole = size === null ? 'the model' : `the model's ${megabytes(size)}`;
  return quotaError(
    `The browser has no room left after ${megabytes(kept)} of ${whole}.`,
    error.cause,
  );
}

/** The bytes this origin may use and does use; null where the browser does not say. */
export async function storageRoom(): Promise<{ quota: number; usage: number } | null> {
  const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
  if (estimate?.quota === undefined) return null;
  return { quota: estimate.quota, usage: estimate.usage ?? 0 };
}

/** An error for too little room; a refused write is its `cause`. */
export function quotaError(found: string, cause?: unknown): PocketbitError {
  const advice =
    "Free some disk space, delete a stored model, or load with `store: 'prefer'` to run from memory.";
  return new PocketbitError('quota', `${found} ${advice}`, { cause });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
