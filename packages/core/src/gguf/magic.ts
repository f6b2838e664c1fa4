import { badModel, type PocketbitError, unsupported } from '../errors.ts';

// What people hand to a model loader by mistake, by the first bytes.
const FOREIGN: readonly (readonly [prefix: string, what: string])[] = [
  ['<', 'an HTML or XML page; the address may need the "resolve" or "raw" form of the link'],
  ['version https://git-lfs', 'a Git LFS pointer; fetch the file itself'],
  ['PK\x03\x04', 'a zip archive, as PyTorch checkpoints are; convert the model to GGUF'],
  ['{', 'JSON; choose the .gguf file'],
  ['\x1f\x8b', 'a gzip archive; unpack it first'],
  ['\x80\x02', 'a Python pickle; convert the model to GGUF'],
  ['\x93NUMPY', 'a NumPy array; convert the model to GGUF'],
  ['\0asm', 'a WebAssembly module'],
  ['tjgg', 'a ggjt file, older than GGUF; convert the model again'],
  ['lmgg', 'a ggml file, older than GGUF; convert the model again'],
  ['fmgg', 'a ggmf file, older than GGUF; convert the model again'],
  ['\0\0\0\0', 'zeros: a file reserved but never filled'],
];

/** Bytes that `refuseForeign` and `checkVersion` look at. */
export const MAGIC_BYTES = 24;

/** Throws unless a file begins as a GGUF file does; the message says what it looks like instead. */
export function refuseForeign(start: Uint8Array, fileSize: number): void {
  if (fileSize === 0) throw badModel('the file is empty; expected a GGUF model');
  const text = Array.from(start, (byte) => String.fromCharCode(byte)).join('');
  if (text.startsWith('GGUF')) return;
  if (text.startsWith('FUGG')) throw bigEndian();
  const found = isSafetensors(text)
    ? 'a safetensors file; convert the model to GGUF'
    : FOREIGN.find(
        ([prefix]) => text.trimStart().startsWith(prefix) || text.startsWith(prefix),
      )?.[1];
  const hex = Array.from(start.subarray(0, 4), (b) => b.toString(16).padStart(2, '0')).join(' ');
  throw badModel(
    `not a GGUF model: it begins with the bytes ${hex} instead of "GGUF"` +
      (found ? `; it looks like ${found}` : ''),
  );
}

/** Throws unless the version is one whose layout this reader knows. */
export function checkVersion(version: number): void {
  if (version === 2 || version === 3) return;
  if (version !== 0 && (version & 0xffff) === 0) throw bigEndian();
  if (version === 1) {
    throw unsupported('GGUF version 1 is not read; convert the model again to version 3');
  }
  throw unsupported(`GGUF version ${version} is not known; expected version 2 or 3`);
}

function bigEndian(): PocketbitError {
  return unsupported('the file is a big-endian GGUF; convert it to the usual little-endian form');
}

/** A safetensors file begins with a u64 header length and a JSON object. */
function isSafetensors(text: string): boolean {
  return text[8] === '{' && text.slice(5, 8) === '\0\0\0';
}
