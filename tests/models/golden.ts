// The inputs of the golden vectors: ggml's C reference and an independent program agree on the CRC of what they become.
import { crc32 } from './crc32.ts';
import { type EncodingName, encodeCodes } from './encode.ts';

const COUNT = 4096;
/** f16 of 0.5 and 0.25. */
const HALF = 0x3800;
const QUARTER = 0x3400;

const ternary = Uint8Array.from({ length: COUNT }, (_, i) => (7 * i + Math.floor(i / 3)) % 3);
const binary = Uint8Array.from({ length: COUNT }, (_, i) => ((5 * i) % 7 < 3 ? 1 : 0));

export interface Golden {
  readonly type: EncodingName;
  readonly codes: Uint8Array;
  readonly half: number;
  readonly scale: number;
  /** CRC-32 of the blocks. */
  readonly crc: string;
  /** Sum of the values, and of value times index modulo 17, where the reference printed them. */
  readonly sums?: readonly [sum: number, weighted: number];
}

const TERNARY = { codes: ternary, half: HALF, scale: 0.5 };
const SUMS = [-0.5, 9.5] as const;

export const GOLDEN: readonly Golden[] = [
  { type: 'Q1_0', codes: binary, half: QUARTER, scale: 0.25, crc: '61bb2c3a', sums: [-146, -1173] },
  { ...TERNARY, type: 'Q2_0', crc: 'ced4fa84', sums: SUMS },
  { ...TERNARY, type: 'TQ1_0', crc: '2cf16580', sums: SUMS },
  { ...TERNARY, type: 'TQ2_0', crc: '6acc81c3', sums: SUMS },
  { ...TERNARY, type: 'I2_S', codes: ternary.subarray(0, 1024), crc: 'cbf59025' },
];

/** The values that a golden vector's codes stand for. */
export function goldenValues({ type, codes, scale }: Golden): Float32Array {
  return Float32Array.from(codes, (code) => (type === 'Q1_0' ? 2 * code - 1 : code - 1) * scale);
}

/** The encoded bytes of a golden vector, without a tail. */
export function goldenBytes({ type, codes, half }: Golden): Uint8Array {
  return encodeCodes(type, codes, half);
}

export function crcOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}
