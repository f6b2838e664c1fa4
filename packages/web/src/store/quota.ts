import { PocketbitError } from '@pocketbit/core';
import type { Draft, ModelStore } from './manifest.ts';

/** Throws `quota`, or has the rest held in memory, when the rest of a file with `loaded` bytes stored exceeds the quota. */
export async function checkQuota(draft: Draft, loaded: number, store: ModelStore): Promise<void> {
  if (store.kind === 'memory' || draft.size === null) return;
  const quota = await storageQuota();
  if (!quota) return;
  const needed = draft.size - loaded;
  const free = Math.max(0, quota.quota - quota.usage);
  if (needed <= free) return;
  if (store.overflow) return store.overflow();
  throw quotaError(
    `The model needs ${megabytes(needed)} more and the browser offers ${megabytes(free)} of ${megabytes(quota.quota)}.`,
  );
}

/**
 * The error for a write that exceeded the quota with `stored` bytes of a file written; null for any other error.
 * Platform fact: Chromium 156 tells every page of a quota of 10 GiB above what it uses, so only a write finds out.
 */
export function quotaFailure(
  error: unknown,
  { size }: Draft,
  stored: number,
): PocketbitError | null {
  if (!(error instanceof PocketbitError) || error.code !== 'quota' || !error.cause) return null;
  const whole = size === null ? 'the model' : `the model's ${megabytes(size)}`;
  return quotaError(
    `The browser has no room left after ${megabytes(stored)} of ${whole}.`,
    error.cause,
  );
}

/** The bytes this origin may use and does use; null where the browser does not say. */
export async function storageQuota(): Promise<{ quota: number; usage: number } | null> {
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
