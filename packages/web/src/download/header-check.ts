import { PocketbitError, readGguf } from '@pocketbit/core';
import type { Draft, ModelStore } from '../store/manifest.ts';
import { SourceError } from './http.ts';

/** So much of a file may arrive before its header must be there and say where it ends. */
const JUDGED_BYTES = 24 * 2 ** 20;
/** No header is longer (packages/core, gguf/limits.ts). */
const MAX_HEADER_BYTES = 64 * 2 ** 20;
/** What may stand behind the last tensor. */
const MAX_REST_BYTES = 4 * 2 ** 20;

/**
 * Refuses a file that is no model, or goes on behind the end of one, by the bytes that are `stored`: else a body without an
 * end fills the disk. A file of known size is judged once. Where the last tensor ends, bytes, as `known` from an earlier
 * call; infinite while not all of the header is there. Errors: `bad-model`, `unsupported`.
 */
export async function checkHeader(
  store: ModelStore,
  draft: Draft,
  stored: number,
  known: number,
): Promise<number> {
  const { name, size, chunkBytes } = draft;
  if (stored < JUDGED_BYTES || (size !== null && stored - chunkBytes >= JUDGED_BYTES)) return known;
  const end = known < Number.POSITIVE_INFINITY ? known : await dataEnd(store, draft, stored);
  if ((size ?? stored) <= end + MAX_REST_BYTES) return end;
  throw new SourceError(
    'bad-model',
    `${name} has ${size ?? `more than ${stored}`} bytes; by its header it ends at ${end}. Choose another file.`,
    { permanent: true },
  );
}

/** Where the last tensor ends. */
async function dataEnd(store: ModelStore, draft: Draft, stored: number): Promise<number> {
  let beyond = false;
  const read = (offset: number, length: number) => {
    beyond ||= offset + length > stored;
    return storedBytes(store, draft, offset, length);
  };
  try {
    const { tensors, dataOffset } = await readGguf({ size: Number.MAX_SAFE_INTEGER, read });
    if (dataOffset > stored) return Number.POSITIVE_INFINITY;
    return tensors.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), dataOffset);
  } catch (error) {
    const { code, message } = PocketbitError.from(error);
    // What cannot be read now is not judged now.
    const judged = code === 'bad-model' || code === 'unsupported';
    if (!judged || (beyond && stored < MAX_HEADER_BYTES)) return Number.POSITIVE_INFINITY;
    throw new SourceError(code, message, { permanent: true, cause: error });
  }
}

/** Bytes out of the store, zeros behind them. */
async function storedBytes(
  store: ModelStore,
  { blob, chunkBytes, hashes }: Draft,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const index = Math.floor((offset + at) / chunkBytes);
    const start = offset + at - index * chunkBytes;
    const chunk = index < hashes.length ? await store.chunk(blob, index) : new ArrayBuffer(0);
    // The caller judges nothing then, and shows no reason.
    if (!chunk) throw new Error();
    const piece = new Uint8Array(chunk).subarray(start, start + length - at);
    out.set(piece, at);
    at += Math.min(chunkBytes - start, length - at);
  }
  return out;
}
