import type { Draft } from '../store/manifest.ts';
import type { Answer } from './http.ts';

/** What the caller knows of a file, lower-case hex. */
export interface Checksums {
  /** SHA-256 of the whole file. */
  sha256?: string | undefined;
  /** SHA-256 of each 4 MiB of it, the last may be shorter. */
  chunkSha256?: readonly string[] | undefined;
}

/**
 * What an answer is to a download that stands at `position`: it has the bytes that are missing (`append`; what it has before
 * them is passed over), it begins another file (`restart`), or it is of another file or cannot show that it is not
 * (`foreign`).
 */
export function continuity(
  draft: Draft,
  position: number,
  answer: Answer,
  address: string,
  checksums: Checksums,
): 'append' | 'restart' | 'foreign' {
  if (position === 0 || isSameFile(draft, answer, address, checksums)) return 'append';
  return answer.offset === 0 ? 'restart' : 'foreign';
}

/** Whether a validator of the same source, or a checksum of the caller, vouches that both are of one file. */
function isSameFile(
  draft: Draft,
  { size, validator }: Answer,
  address: string,
  { sha256, chunkSha256 }: Checksums,
): boolean {
  if (size !== null && draft.size !== null && size !== draft.size) return false;
  if (draft.from === address && draft.etag && validator) {
    // Versions before 0.3 stored a date without the weak ETag beside it.
    return draft.etag === validator || validator.startsWith(`${draft.etag} W/`);
  }
  return Boolean(sha256 || chunkSha256);
}
