/** Cuts a stream of bytes into buffers of `chunkBytes`; only the last may be shorter. */
export class Chunker {
  readonly #chunkBytes: number;
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  /** Bytes of the chunk that is not full yet. */
  filled = 0;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  /** The chunks that `part` completes. */
  *push(part: Uint8Array): Generator<ArrayBuffer> {
    for (let rest = part; rest.length > 0; ) {
      this.#buffer ??= new Uint8Array(this.#chunkBytes);
      const piece = rest.subarray(0, this.#chunkBytes - this.filled);
      this.#buffer.set(piece, this.filled);
      this.filled += piece.length;
      rest = rest.subarray(piece.length);
      if (this.filled < this.#chunkBytes) return;
      const { buffer } = this.#buffer;
      this.drop();
      yield buffer;
    }
  }

  /** The last chunk, where one has begun. */
  rest(): ArrayBuffer | null {
    const rest = this.#buffer?.buffer.slice(0, this.filled) ?? null;
    this.drop();
    return rest;
  }

  /** Forgets what has been pushed of the chunk that is not full yet. */
  drop(): void {
    this.#buffer = null;
    this.filled = 0;
  }
}
