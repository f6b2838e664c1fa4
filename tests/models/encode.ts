// Weights into the packed tensor types, by the layouts of ggml-quants.c and, for I2_S, microsoft/BitNet. Written for
// tests alone: the runtime only reads these.

/** Codes 0 to 2 are the weights -1 to 1 of a ternary tensor, 3 is 2 in Q2_0; in Q1_0 0 and 1 are -1 and 1. */
export type Codes = Uint8Array;

export interface Encoding {
  /** GGUF type id. */
  readonly id: number;
  /** Weights of a block. */
  readonly block: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Bytes after the last block. */
  readonly tail: number;
  /** Writes one block of `codes` with the f16 scale `half` at `out[at]`. */
  write(codes: Codes, half: number, out: Uint8Array, at: number): void;
}

/** One encoding a type, for weights of one magnitude. */
export const ENCODINGS = {
  F16: { id: 1, block: 1, bytes: 2, tail: 0, write: writeF16 },
  Q8_0: { id: 8, block: 32, bytes: 34, tail: 0, write: writeQ8 },
  TQ1_0: { id: 34, block: 256, bytes: 54, tail: 0, write: writeTq1 },
  TQ2_0: { id: 35, block: 256, bytes: 66, tail: 0, write: writeTq2 },
  I2_S: { id: 36, block: 128, bytes: 32, tail: 32, write: writeI2s },
  Q1_0: { id: 41, block: 128, bytes: 18, tail: 0, write: writeQ1 },
  Q2_0: { id: 42, block: 64, bytes: 18, tail: 0, write: writeQ2 },
  Q2_0_G128: { id: 42, block: 128, bytes: 34, tail: 0, write: writeQ2 },
} as const satisfies Record<string, Encoding>;

export type EncodingName = keyof typeof ENCODINGS;

/** Bytes of `codes` as whole blocks with one scale, without the tail. */
export function encodeCodes(name: EncodingName, codes: Codes, half: number): Uint8Array {
  const { block, bytes, write }: Encoding = ENCODINGS[name];
  const out = new Uint8Array((codes.length / block) * bytes);
  for (let i = 0; i * block < codes.length; i++) {
    write(codes.subarray(i * block, (i + 1) * block), half, out, i * bytes);
  }
  return out;
}

function putHalf(out: Uint8Array, at: number, half: number): void {
  out[at] = half & 255;
  out[at + 1] = half >> 8;
}

const SIGN = 0x8000;

function writeF16(codes: Codes, half: number, out: Uint8Array, at: number): void {
  putHalf(out, at, codes[0] === 1 ? 0 : codes[0] === 0 ? half ^ SIGN : half);
}

function writeQ8(codes: Codes, half: number, out: Uint8Array, at: number): void {
  putHalf(out, at, half);
  codes.forEach((code, i) => {
    out[at + 2 + i] = code - 1;
  });
}

/** First digit most significant: the reader multiplies to bring a digit to the top of the byte. */
function base3(digits: readonly number[]): number {
  const value = digits.reduce((sum, digit) => sum * 3 + digit, 0);
  return Math.floor((value * 256 + 242) / 243);
}

function writeTq1(codes: Codes, half: number, out: Uint8Array, at: number): void {
  const stage = (from: number, width: number, digits: number, to: number) => {
    for (let m = 0; m < width; m++) {
      const trits = Array.from({ length: digits }, (_, n) => codes[from + n * width + m]!);
      // Four digits are read as the first four of five.
      out[to + m] = base3(digits === 5 ? trits : [...trits, 0]);
    }
  };
  stage(0, 32, 5, at);
  stage(160, 16, 5, at + 32);
  stage(240, 4, 4, at + 48);
  putHalf(out, at + 52, half);
}

function writeTq2(codes: Codes, half: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < 256; i++) {
    const [chunk, within] = [Math.floor(i / 128), i % 128];
    out[at + chunk * 32 + (within % 32)]! |= codes[i]! << (2 * Math.floor(within / 32));
  }
  putHalf(out, at + 64, half);
}

/** The scale stands in the tail. */
function writeI2s(codes: Codes, _half: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < 128; i++) out[at + (i % 32)]! |= codes[i]! << (6 - 2 * Math.floor(i / 32));
}

function writeQ1(codes: Codes, half: number, out: Uint8Array, at: number): void {
  putHalf(out, at, half);
  for (let i = 0; i < codes.length; i++) out[at + 2 + (i >> 3)]! |= codes[i]! << (i & 7);
}

function writeQ2(codes: Codes, half: number, out: Uint8Array, at: number): void {
  putHalf(out, at, half);
  for (let i = 0; i < codes.length; i++) out[at + 2 + (i >> 2)]! |= codes[i]! << (2 * (i & 3));
}
