/** The next 32 random bits. */
export type Word = () => number;

/** Seeded random words: xorshift32, the seed mixed first so that neighbouring seeds are unrelated. */
export function words(seed: number): Word {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** `count` times the same f32, little-endian. */
export function f32Bytes(count: number, value: number): Uint8Array {
  return new Uint8Array(new Float32Array(count).fill(value).buffer);
}

/** Uniform int8 from -max to max, as bytes. */
export function randomBytes(count: number, next: Word, max: number): Uint8Array {
  const out = new Int8Array(count);
  for (let i = 0; i < count; i++) out[i] = (next() % (2 * max + 1)) - max;
  return new Uint8Array(out.buffer);
}

/** Bits of the f16 nearest to a number in f16's normal range. */
export function halfBits(value: number): number {
  if (value === 0) return 0;
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
  return sign | (((exponent + 15) << 10) + fraction);
}

/** f16 numbers spread evenly with this standard deviation and mean 0. */
export function halfTable(count: number, std: number): Uint16Array {
  const width = std * Math.sqrt(12);
  return Uint16Array.from({ length: count }, (_, i) => halfBits(((i + 0.5) / count - 0.5) * width));
}
