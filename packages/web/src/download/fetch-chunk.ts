import type { LoadProgress } from '../protocol.ts';
import { digest } from '../store/hash.ts';
import type { Manifest, ModelStore } from '../store/manifest.ts';
import { PlaceError } from './http.ts';
import { Meter } from './progress.ts';
import { Mirrors, PACE, type Pace, refuseAborted } from './retry.ts';
import type { Opened, Origin } from './sources.ts';

/** Fetches chunk `index` of a stored model again, from whichever place still has those very bytes. */
export async function fetchChunk(
  origin: Origin,
  manifest: Manifest,
  index: number,
  signal: AbortSignal,
  pace: Pace = PACE,
): Promise<ArrayBuffer> {
  const start = index * manifest.chunkBytes;
  const end = Math.min(start + manifest.chunkBytes, manifest.size);
  const mirrors = new Mirrors(origin.places, pace, signal);
  for (;;) {
    try {
      const chunk = await readSpan(mirrors, start, end);
      if ((await digest(chunk)) === manifest.hashes[index]) return chunk;
      throw new PlaceError(
        'integrity',
        `${mirrors.place.address} has another file than the stored one. Delete the stored model and load it again.`,
        { lasting: true },
      );
    } catch (error) {
      await mirrors.next(error);
    }
  }
}

async function readSpan(mirrors: Mirrors, start: number, end: number): Promise<ArrayBuffer> {
  const span = new Uint8Array(end - start);
  let at = 0;
  const accept = async ({ offset }: Opened) => {
    at = offset;
  };
  for await (const part of mirrors.read(start, null, accept, end)) {
    const inside = part.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (inside.length > 0) span.set(inside, Math.max(0, at - start));
    at += part.length;
    if (at >= end) return span.buffer;
  }
  throw new PlaceError('network', `${mirrors.place.address} broke off at ${at} of ${end} bytes.`);
}

export interface CheckOptions {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
}

/** The chunks of a stored model that are missing or are not what was stored. */
export async function damagedChunks(
  store: ModelStore,
  { blob, hashes, size, chunkBytes }: Manifest,
  { signal, report }: CheckOptions,
): Promise<number[]> {
  const meter = new Meter('verify', true, report);
  const damaged: number[] = [];
  for (const [index, expected] of hashes.entries()) {
    refuseAborted(signal);
    const bytes = await store.chunk(blob, index);
    if (!bytes || (await digest(bytes)) !== expected) damaged.push(index);
    meter.update(Math.min(size, (index + 1) * chunkBytes), size);
  }
  return damaged;
}

/** Fetches `damaged` chunks again and puts them back. */
export async function repairChunks(
  origin: Origin,
  store: ModelStore,
  manifest: Manifest,
  damaged: readonly number[],
  { signal, report }: CheckOptions,
): Promise<void> {
  const meter = new Meter('repair', false, report);
  for (const [done, index] of damaged.entries()) {
    const chunk = await fetchChunk(origin, manifest, index, signal);
    await store.replaceChunk(manifest.blob, index, chunk);
    meter.update((done + 1) * manifest.chunkBytes, damaged.length * manifest.chunkBytes);
  }
}
