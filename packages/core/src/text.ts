// TextEncoder and TextDecoder exist in windows, workers and Node alike, but TypeScript's es2022
// library does not know them; declaring just these keeps DOM and Node types out of this package.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: 'utf-8',
  options: { fatal?: boolean; ignoreBOM: true },
) => Utf8Decoder;

/** A streaming UTF-8 decoder: with `stream`, a character cut at the end waits for its other bytes. */
export interface Utf8Decoder {
  decode(bytes?: Uint8Array, options?: { stream: boolean }): string;
}

/** A part of a text: UTF-16 units from `start` to before `end`. */
export type Span = readonly [start: number, end: number];

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 bytes of a string; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string of UTF-8 bytes, or undefined where they are not valid UTF-8. */
export function decodeUtf8Strict(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

const CHECKED_AT_ONCE = 64 * 1024;

/** Whether bytes are valid UTF-8, found piece by piece: a string of all is never made. */
export function isUtf8(bytes: Uint8Array): boolean {
  const decoder: Utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (let at = 0; at < bytes.length; at += CHECKED_AT_ONCE) {
      decoder.decode(bytes.subarray(at, at + CHECKED_AT_ONCE), { stream: true });
    }
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

/** The string of UTF-8 bytes; invalid sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** A fresh decoder for a stream of bytes; invalid sequences become U+FFFD. */
export function utf8Stream(): Utf8Decoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
