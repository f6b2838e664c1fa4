import { badModel, unsupported } from '../errors.ts';
import { decodeUtf8, decodeUtf8Strict, isUtf8 } from '../text.ts';
import type { Cursor } from './cursor.ts';
import { MAX_ARRAY_ELEMENTS, MAX_STRING_BYTES } from './limits.ts';

/** A GGUF array of numbers, by its element type. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A metadata value. 64-bit integers are numbers where exact, else bigints; bool arrays are 0/1 bytes. */
export type GgufValue = string | number | bigint | boolean | NumberArray | StringArray;

/**
 * An array of strings as one UTF-8 buffer and its end offsets. A string is made when asked for: the
 * 280,147 merges of BitNet 2B-4T take 5 MB so, several times that as JavaScript strings.
 */
export class StringArray implements Iterable<string> {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;

  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  get length(): number {
    return this.#ends.length;
  }

  /** Bytes of all strings together. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** String `index`, which must be in range. */
  at(index: number): string {
    return decodeUtf8(this.bytesAt(index));
  }

  /** A view of the UTF-8 of string `index`, which must be in range. */
  bytesAt(index: number): Uint8Array {
    const start = index === 0 ? 0 : this.#ends[index - 1]!;
    return this.#bytes.subarray(start, this.#ends[index]!);
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

interface Scalar {
  read(cursor: Cursor, what: string): number | bigint | boolean;
  /** The typed array, over a copied buffer. Wasm hosts are little-endian, as the file is. */
  readonly List: { new (buffer: ArrayBuffer): NumberArray; readonly BYTES_PER_ELEMENT: number };
}

const STRING = 8;
const ARRAY = 9;

const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { read: (c) => c.u8(), List: Uint8Array }],
  [1, { read: (c) => c.i8(), List: Int8Array }],
  [2, { read: (c) => c.u16(), List: Uint16Array }],
  [3, { read: (c) => c.i16(), List: Int16Array }],
  [4, { read: (c) => c.u32(), List: Uint32Array }],
  [5, { read: (c) => c.i32(), List: Int32Array }],
  [6, { read: (c) => c.f32(), List: Float32Array }],
  [7, { read: readBool, List: Uint8Array }],
  [10, { read: (c) => exact(c.u64()), List: BigUint64Array }],
  [11, { read: (c) => exact(c.i64()), List: BigInt64Array }],
  [12, { read: (c) => c.f64(), List: Float64Array }],
]);

/** The value of metadata `key`, whose type tag comes first. */
export async function readValue(cursor: Cursor, key: string): Promise<GgufValue> {
  const what = `the value of "${key}"`;
  await cursor.need(4, what);
  const type = cursor.u32();
  if (type === STRING) return readString(cursor, MAX_STRING_BYTES, what);
  if (type === ARRAY) return readArray(cursor, what);
  const scalar = SCALARS.get(type);
  if (!scalar) throw badModel(`${what} has the type ${type}; GGUF value types are 0 to 12`);
  await cursor.need(scalar.List.BYTES_PER_ELEMENT, what);
  return scalar.read(cursor, what);
}

/** Bytes that a JavaScript string takes besides its characters, which take two each at most. */
const STRING_OVERHEAD_BYTES = 64;

/** A string of at most `limit` bytes: a u64 length, then UTF-8. */
export async function readString(cursor: Cursor, limit: number, what: string): Promise<string> {
  const length = await readStringLength(cursor, limit, what);
  if (!cursor.has(length)) await cursor.need(length, what);
  cursor.keep(2 * length + STRING_OVERHEAD_BYTES, what);
  const text = decodeUtf8Strict(cursor.bytes(length));
  if (text === undefined) throw badModel(`${what} is not valid UTF-8`);
  return text;
}

/** Moves past the value of metadata `key`, a string of at most `limit` bytes. */
export async function skipString(cursor: Cursor, limit: number, key: string): Promise<void> {
  const what = `the value of "${key}"`;
  await cursor.need(4, what);
  const type = cursor.u32();
  if (type !== STRING) throw badModel(`${what} has the type ${type}; expected a string`);
  cursor.skip(await readStringLength(cursor, limit, what), what);
}

async function readStringLength(cursor: Cursor, limit: number, what: string): Promise<number> {
  if (!cursor.has(8)) await cursor.need(8, what);
  const length = cursor.count();
  if (length <= limit) return length;
  throw badModel(`${what} says it is ${length} bytes long; at most ${limit} are read`);
}

async function readArray(cursor: Cursor, what: string): Promise<NumberArray | StringArray> {
  await cursor.need(12, what);
  const type = cursor.u32();
  const count = cursor.count();
  if (count > MAX_ARRAY_ELEMENTS) {
    throw badModel(`${what} says it has ${count} elements; at most ${MAX_ARRAY_ELEMENTS} are read`);
  }
  if (type === STRING) return readStrings(cursor, count, what);
  if (type === ARRAY) throw unsupported(`${what} is an array of arrays, which is not read`);
  const scalar = SCALARS.get(type);
  if (!scalar) throw badModel(`${what} has elements of type ${type}; expected 0 to 12`);
  const bytes = count * scalar.List.BYTES_PER_ELEMENT;
  cursor.keep(bytes, what);
  await cursor.need(bytes, what);
  return new scalar.List(copy(cursor.bytes(bytes)));
}

/** Tokens have about seven bytes, merges nine. */
const TYPICAL_STRING_BYTES = 8;

async function readStrings(cursor: Cursor, count: number, what: string): Promise<StringArray> {
  if (count * 8 > cursor.remaining) {
    throw badModel(
      `${what} says it has ${count} strings, more than the ${cursor.remaining} bytes ` +
        'left in the file can hold',
    );
  }
  cursor.keep(count * (Uint32Array.BYTES_PER_ELEMENT + TYPICAL_STRING_BYTES), what);
  const ends = new Uint32Array(count);
  let bytes = new Uint8Array(count * TYPICAL_STRING_BYTES);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const length = await readStringLength(cursor, MAX_STRING_BYTES, what);
    if (!cursor.has(length)) await cursor.need(length, what);
    if (end + length > bytes.length) bytes = grown(bytes, end + length, cursor, what);
    bytes.set(cursor.bytes(length), end);
    // With every string starting on a character, one check of the whole buffer checks each string.
    if (length > 0 && (bytes[end]! & 0xc0) === 0x80) throw notUtf8(what, i);
    end += length;
    ends[i] = end;
  }
  const kept = bytes.slice(0, end);
  if (!isUtf8(kept)) throw notUtf8(what);
  return new StringArray(kept, ends);
}

function notUtf8(what: string, index?: number) {
  return badModel(`${what}${index === undefined ? '' : `, element ${index},`} is not valid UTF-8`);
}

function grown(bytes: Uint8Array, needed: number, cursor: Cursor, what: string) {
  const length = Math.max(needed, Math.ceil(bytes.length * 1.5));
  cursor.keep(length - bytes.length, what);
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

function copy(bytes: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

function readBool(cursor: Cursor, what: string): boolean {
  const value = cursor.u8();
  if (value > 1) throw badModel(`${what} is a boolean of ${value}; expected 0 or 1`);
  return value === 1;
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
