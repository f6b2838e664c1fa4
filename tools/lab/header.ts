import { createTokenizer, type GgufHeader, readGguf } from '@pocketbit/core';

/** Bytes of a header at most; the rest of a file is not fetched. */
const HEADER_BYTES = 32 * 1024 * 1024;

// Kept, so that a measurement of the heap counts what a loaded model keeps.
let file: { blob: Blob; size: number } | undefined;
let header: GgufHeader | undefined;
let tokenizer: unknown;

/** The steps of reading a header, apart, so that time and heap can be taken between them. */
export const headerSteps = {
  /** Fetches the head of a file, as the store has it: bytes outside the JavaScript heap. */
  async fetch(url: string): Promise<void> {
    const response = await fetch(url, { headers: { range: `bytes=0-${HEADER_BYTES - 1}` } });
    const size = Number(response.headers.get('content-range')?.split('/')[1]);
    file = { blob: await response.blob(), size };
  },

  /** Reads the header; resolves to milliseconds. */
  async read(): Promise<number> {
    const { blob, size } = file!;
    const start = performance.now();
    header = await readGguf({
      size,
      read: async (offset, length) =>
        new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    });
    return performance.now() - start;
  },

  /** Builds the tokenizer and lets the header go; resolves to milliseconds. */
  tokenizer(): number {
    const start = performance.now();
    tokenizer = createTokenizer(header!);
    header = undefined;
    return performance.now() - start;
  },

  /** Whether the tokenizer is still there. */
  kept: (): boolean => tokenizer !== undefined,
};
