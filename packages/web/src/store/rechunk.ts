/** Re-slices a byte stream into buffers of `chunkBytes`; only the last may be shorter. */
export async function* rechunk(
  stream: ReadableStream<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<ArrayBuffer> {
  // Platform fact: Safari before 27 cannot iterate a ReadableStream, so this uses a reader.
  const reader = stream.getReader();
  let buffer = new Uint8Array(chunkBytes);
  let filled = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      let rest = part.value;
      while (rest.length > 0) {
        const piece = rest.subarray(0, chunkBytes - filled);
        buffer.set(piece, filled);
        filled += piece.length;
        rest = rest.subarray(piece.length);
        if (filled < chunkBytes) continue;
        yield buffer.buffer;
        buffer = new Uint8Array(chunkBytes);
        filled = 0;
      }
    }
    if (filled > 0) yield buffer.buffer.slice(0, filled);
  } finally {
    reader.cancel().catch(() => {});
  }
}
