/** Random access to a file's bytes, wherever they lie: memory, IndexedDB, HTTP ranges, a Blob, a disk. */
export interface ByteSource {
  /** File size in bytes. */
  readonly size: number;
  /** Exactly `length` bytes from byte `offset`, or a rejection. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A ByteSource over bytes already in memory; reads are views, not copies. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new RangeError(`read of ${length} bytes at ${offset} of ${bytes.length}`);
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** Pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
