import { isChunk } from '../store/hash.ts';
import type { Draft } from '../store/manifest.ts';
import { type Answer, SourceError } from './http.ts';
import { RETRY_LIMITS, RetryingSources, type RetryLimits } from './retry.ts';
import type { SourceFile } from './sources.ts';

/** Fetches chunk `index` of a stored model again, from whichever source still has those very bytes. */
export async function fetchChunk(
  { sources }: Pick<SourceFile, 'sources'>,
  file: Draft & { size: number },
  index: number,
  signal: AbortSignal,
  limits: RetryLimits = RETRY_LIMITS,
): Promise<ArrayBuffer> {
  const start = index * file.chunkBytes;
  const end = Math.min(start + file.chunkBytes, file.size);
  const retrying = new RetryingSources(sources, limits, signal);
  for (;;) {
    try {
      const chunk = await readSpan(retrying, start, end);
      if (await isChunk(chunk, file.hashes[index])) return chunk;
      throw new SourceError(
        'integrity',
        `${retrying.current.address} has another file than the stored one. Delete the stored model and load it again.`,
        { permanent: true },
      );
    } catch (error) {
      await retrying.retry(error, true);
    }
  }
}

async function readSpan(
  sources: RetryingSources,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const span = new Uint8Array(end - start);
  let at = 0;
  const accept = async ({ offset }: Answer) => {
    at = offset;
  };
  for await (const part of sources.readModel(start, null, accept, end)) {
    const inside = part.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (inside.length > 0) span.set(inside, Math.max(0, at - start));
    at += part.length;
    if (at >= end) return span.buffer;
  }
  throw new SourceError(
    'network',
    `${sources.current.address} broke off at ${at} of ${end} bytes.`,
  );
}
