// Values of structured clone as JSON and back: what is no plain JSON becomes `{ $: type, … }`.

const ARRAYS = { Uint8Array, Uint16Array, Uint32Array, Int32Array, Float32Array, Float64Array };

/**
 * @param {unknown} value anything IndexedDB keeps, without cycles and blobs
 * @returns {unknown} plain JSON; bytes are base64
 */
export function encode(value) {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'bigint') return { $: 'bigint', value: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value))
    return { $: 'number', value: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { $: 'Date', value: value.getTime() };
  if (value instanceof ArrayBuffer)
    return { $: 'ArrayBuffer', base64: toBase64(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) return encodeView(value);
  if (Array.isArray(value)) return value.map(encode);
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Error(`a ${value.constructor.name} is among the records`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encode(inner)]));
}

function encodeView(view) {
  const { name } = view.constructor;
  if (!(name in ARRAYS)) throw new Error(`a ${name} is among the records`);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return { $: name, base64: toBase64(bytes) };
}

/** The value that `encode` was given. */
export function decode(json) {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(decode);
  if (json.$) return decodeTagged(json);
  return Object.fromEntries(Object.entries(json).map(([key, inner]) => [key, decode(inner)]));
}

function decodeTagged({ $: type, value, base64 }) {
  if (type === 'undefined') return undefined;
  if (type === 'bigint') return BigInt(value);
  if (type === 'number') return Number(value);
  if (type === 'Date') return new Date(value);
  const { buffer } = fromBase64(base64);
  return type === 'ArrayBuffer' ? buffer : new ARRAYS[type](buffer);
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(parts.join(''));
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
