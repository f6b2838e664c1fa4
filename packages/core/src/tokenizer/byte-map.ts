// GPT-2's mapping of bytes to printable characters, in which byte-level BPE vocabularies are written:
// printable Latin-1 stands for itself, the other 68 bytes take U+0100 and up in order.
// Source: openai/gpt-2 src/encoder.py, bytes_to_unicode.

/** Code points of the characters that stand for bytes 0 to 255. */
const CODE_POINTS: readonly number[] = buildMap();
/** The byte that a code point stands for, or -1. */
const BYTES: Int16Array = inverse();

function buildMap(): number[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return printable ? byte : next++;
  });
}

function inverse(): Int16Array {
  const bytes = new Int16Array(Math.max(...CODE_POINTS) + 1).fill(-1);
  CODE_POINTS.forEach((codePoint, byte) => {
    bytes[codePoint] = byte;
  });
  return bytes;
}

/**
 * Writes the bytes that `utf8` from `start` to `end`, a vocabulary entry or a part of one, stands for
 * into `out` from `at`. Returns their number, or -1 where a character stands for no byte.
 */
export function unmapEntry(
  utf8: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at = 0,
): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    const lead = utf8[i]!;
    // The map's characters have one or two bytes in UTF-8.
    const codePoint = lead < 0x80 ? lead : ((lead & 0x1f) << 6) | (utf8[++i]! & 0x3f);
    const byte = lead < 0xe0 ? (BYTES[codePoint] ?? -1) : -1;
    if (byte < 0) return -1;
    out[at + length++] = byte;
  }
  return length;
}

/** Every byte's character, in byte order. */
export function byteCharacters(): string[] {
  return CODE_POINTS.map((codePoint) => String.fromCharCode(codePoint));
}
