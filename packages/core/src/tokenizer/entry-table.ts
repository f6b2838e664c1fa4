import { badModel } from '../errors.ts';
import { slotsFor } from './slots.ts';

/**
 * The bytes of every vocabulary entry in one buffer, and a hash table from bytes to id: 151,669 entries
 * take 4 MB so, several times that as JavaScript strings in a Map.
 */
export class EntryTable {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  /** Id plus one; 0 is a free slot. The number of slots is a power of two. */
  readonly #slots: Uint32Array;
  readonly #probes = new Probes();
  #count = 0;

  /** Room for `count` entries of `totalBytes` bytes together. */
  constructor(count: number, totalBytes: number) {
    this.#bytes = new Uint8Array(totalBytes);
    this.#ends = new Uint32Array(count);
    this.#slots = new Uint32Array(slotsFor(count));
  }

  /**
   * Adds the next id with the first `length` of `bytes`; it is found by them only where `indexed`. Of
   * equal entries the first is.
   */
  add(bytes: Uint8Array, length: number, indexed: boolean): void {
    const id = this.#count++;
    const start = this.#startOf(id);
    for (let i = 0; i < length; i++) this.#bytes[start + i] = bytes[i]!;
    this.#ends[id] = start + length;
    if (!indexed || length === 0) return;
    const slot = this.#slotOf(bytes, 0, length);
    if (this.#slots[slot] === 0) this.#slots[slot] = id + 1;
  }

  /** The id of an entry by its bytes, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(bytes, start, end)]! - 1;
  }

  /** A view of the bytes of entry `id`, which must have been added. */
  bytesOf(id: number): Uint8Array {
    return this.#bytes.subarray(this.#startOf(id), this.#ends[id]!);
  }

  #startOf(id: number): number {
    return id === 0 ? 0 : this.#ends[id - 1]!;
  }

  /** The slot that holds these bytes, or the free one where they belong. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    const home = hash(bytes, start, end) & mask;
    let slot = home;
    while (this.#slots[slot] !== 0 && !this.#isAt(this.#slots[slot]! - 1, bytes, start, end)) {
      slot = (slot + 1) & mask;
    }
    this.#probes.spend((slot - home) & mask);
    return slot;
  }

  #isAt(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.#startOf(id);
    if (this.#ends[id]! - at !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#bytes[at + i - start] !== bytes[i]) return false;
    return true;
  }
}

/** Slots that a look-up may meet in vain, on average: published vocabularies need one. */
const MEAN_PROBES = 16;
const SPARE_PROBES = 2 ** 16;

/** Keeps a hash table's look-ups short: entries chosen to share their slots make each as long as the table. */
export class Probes {
  #left = SPARE_PROBES;

  /** Counts a look-up that met `others` before its slot. Throws `bad-model` where they are too many on average. */
  spend(others: number): void {
    this.#left += MEAN_PROBES - others;
    if (this.#left >= 0) return;
    throw badModel(
      'the vocabulary or its merges collide in the tables that find them as no language’s do: ' +
        'they seem made to stall a reader',
    );
  }
}

/** FNV-1a with a last mix: the table looks at the low bits only. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h ^ (h >>> 15);
}
