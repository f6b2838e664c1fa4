import { badModel } from '../errors.ts';
import { type GgufValue, StringArray } from '../gguf/values.ts';

/** Typed reads of GGUF metadata. Writers differ in integer widths and signs, so only values count. */
export class Metadata {
  readonly #values: ReadonlyMap<string, GgufValue>;

  constructor(values: ReadonlyMap<string, GgufValue>) {
    this.#values = values;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** A string, or undefined where the key is absent. */
  text(key: string): string | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType(key, 'a string', value);
  }

  /** A whole number from `min` to `max`; `absent` where the key is absent, which else is an error. */
  count(key: string, min: number, max: number, absent?: number): number {
    const value = this.#values.get(key) ?? absent;
    if (value === undefined) throw badModel(`the metadata lacks "${key}"`);
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw wrongType(key, `a whole number from ${min} to ${max}`, value);
  }

  /** A number from `min` to `max`; `absent` as in `count`. */
  real(key: string, min: number, max: number, absent?: number): number {
    const value = this.#values.get(key) ?? absent;
    if (value === undefined) throw badModel(`the metadata lacks "${key}"`);
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw wrongType(key, `a number from ${min} to ${max}`, value);
  }

  /** A boolean, or undefined where the key is absent. */
  flag(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw wrongType(key, 'a boolean', value);
  }

  /** An array of strings, or undefined where the key is absent. */
  strings(key: string): StringArray | undefined {
    const value = this.#values.get(key);
    if (value === undefined || value instanceof StringArray) return value;
    throw wrongType(key, 'an array of strings', value);
  }

  /** An array of 32-bit integers, or undefined where the key is absent. */
  integers(key: string): Int32Array | Uint32Array | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (value instanceof Int32Array || value instanceof Uint32Array) return value;
    throw wrongType(key, 'an array of 32-bit integers', value);
  }

  /** An array of f32, or undefined where the key is absent. */
  floats(key: string): Float32Array | undefined {
    const value = this.#values.get(key);
    if (value === undefined || value instanceof Float32Array) return value;
    throw wrongType(key, 'an array of 32-bit floats', value);
  }

  /** The first key that starts with `prefix`. */
  keyStarting(prefix: string): string | undefined {
    for (const key of this.#values.keys()) if (key.startsWith(prefix)) return key;
    return undefined;
  }
}

function wrongType(key: string, expected: string, value: GgufValue) {
  const found = typeof value === 'object' ? `an array of ${value.length}` : written(value);
  return badModel(`the metadata "${key}" is ${found}; expected ${expected}`);
}

function written(value: string | number | bigint | boolean): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `${value}`;
}
