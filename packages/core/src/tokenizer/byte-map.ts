// GPT-2's mapping of bytes to printable characters, in which byte-level BPE vocabularies are written:
// printable Latin-1 stands for itself, the other 68 bytes take U+0100 and up in order.
// Source: openai/gpt-2 src/encoder.py, bytes_to_unicode.

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = buildMap();

function buildMap(): Map<string, number> {
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    map.set(String.fromCharCode(printable ? byte : next++), byte);
  }
  return map;
}

/** The bytes that a vocabulary entry stands for, or undefined where it is not written in the map. */
export function bytesOfEntry(entry: string): Uint8Array | undefined {
  const bytes = new Uint8Array(entry.length);
  for (let i = 0; i < entry.length; i++) {
    const byte = BYTE_OF_CHARACTER.get(entry[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** Every byte's character, in byte order. */
export function byteCharacters(): string[] {
  return [...BYTE_OF_CHARACTER.keys()];
}
