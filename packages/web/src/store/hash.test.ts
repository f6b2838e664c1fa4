import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { digest } from './hash.ts';

const PIECE = 512 * 1024;
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

afterEach(() => vi.unstubAllGlobals());

test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 8 * PIECE])(
  'a chunk of %i bytes is known by the hash of the hashes of its pieces, with crypto.subtle and without',
  async (length) => {
    const chunk = new Uint8Array(length).map((_, i) => i * 7 + (i >> 8));
    const pieces = Array.from({ length: Math.ceil(length / PIECE) }, (_, i) =>
      sha256(chunk.subarray(i * PIECE, (i + 1) * PIECE)),
    );
    const expected = sha256(pieces.join(''));
    expect(await digest(chunk.buffer)).toBe(expected);
    vi.stubGlobal('crypto', {});
    expect(await digest(chunk.buffer)).toBe(expected);
  },
);
