// A WebAssembly module whose memory may hardly grow, as on a device that has none left: `memory.grow` inside it fails.

/** Pages of 64 KiB beyond those it starts with. */
const SPARE = 8;
const MEMORY_SECTION = 5;
const HEADER_BYTES = 8;

/** The module with a maximum for its memory. */
export function cramped(given: BufferSource): Uint8Array<ArrayBuffer> {
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : new Uint8Array(given);
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const [size, start] = number(bytes, at + 1);
    if (bytes[at] === MEMORY_SECTION) {
      return joined(bytes.subarray(0, at), limited(bytes, start), bytes.subarray(start + size));
    }
    at = start + size;
  }
  return joined(bytes);
}

/** The section of one memory, with a maximum. */
function limited(bytes: Uint8Array, start: number): Uint8Array {
  // A count of one, then flags, then the pages it starts with.
  const [pages] = number(bytes, start + 2);
  const body = [1, 1, ...leb(pages), ...leb(pages + SPARE)];
  return new Uint8Array([MEMORY_SECTION, ...leb(body.length), ...body]);
}

/** An unsigned LEB128 number, and where it ends. */
function number(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
