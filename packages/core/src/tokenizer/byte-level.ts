import { badModel } from '../errors.ts';
import type { StringArray } from '../gguf/values.ts';
import { decodeUtf8, encodeUtf8 } from '../text.ts';
import { unmapEntry } from './byte-map.ts';
import type { Codec } from './codec.ts';
import { EntryTable, Probes } from './entry-table.ts';
import { type Merges, mergeAll, Word } from './merging.ts';
import { cutText, type PreTokenizer } from './pre-tokenizers.ts';
import { slotsFor } from './slots.ts';
import { unknownOf, type Vocabulary } from './vocabulary.ts';

/**
 * Byte-level BPE over a GGUF vocabulary: text is cut by regular expressions, and the UTF-8 bytes of each
 * piece are joined by the ranks of the merges. Source: openai/gpt-2 src/encoder.py.
 */
export function byteLevelCodec(
  vocabulary: Vocabulary,
  mergeList: StringArray | undefined,
  preTokenizer: PreTokenizer,
): Codec {
  const table = entryTable(vocabulary);
  const merges = new MergeTable(mergeList, table);
  const byteIds = Int32Array.from({ length: 256 }, (_, byte) =>
    table.find(Uint8Array.of(byte), 0, 1),
  );
  const unknown = unknownOf(vocabulary);
  const encodePiece = (piece: string, ids: number[]): void => {
    const bytes = encodeUtf8(piece);
    const whole = preTokenizer.ignoreMerges ? table.find(bytes, 0, bytes.length) : -1;
    if (whole >= 0) ids.push(whole);
    else pushMerged(bytes, ids);
  };
  const pushMerged = (bytes: Uint8Array, ids: number[]): void => {
    const word = new Word(bytes);
    bytes.forEach((byte, at) => {
      word.set(at, at + 1, byteIds[byte]!);
    });
    mergeAll(word, merges);
    for (let at = 0; at < bytes.length; at = word.ends[at]!) {
      const id = word.ids[at]!;
      if (id >= 0) ids.push(id);
      else if (unknown !== undefined) ids.push(unknown);
      else throw missingByte(bytes);
    }
  };
  return {
    prefix: [],
    bytes: (id) => table.bytesOf(id),
    encode(text) {
      const ids: number[] = [];
      for (const piece of cutText(text, preTokenizer.patterns)) encodePiece(piece, ids);
      return ids;
    },
  };
}

function missingByte(bytes: Uint8Array) {
  const piece = JSON.stringify(decodeUtf8(bytes).slice(0, 40));
  return badModel(`the model's vocabulary has no token for a byte of ${piece}; leave it out`);
}

function entryTable(vocabulary: Vocabulary): EntryTable {
  const { entries } = vocabulary;
  const table = new EntryTable(entries.length, entries.byteLength);
  let scratch = new Uint8Array(1024);
  for (let id = 0; id < entries.length; id++) {
    const utf8 = entries.bytesAt(id);
    if (utf8.length > scratch.length) scratch = new Uint8Array(utf8.length * 2);
    const kind = vocabulary.kind(id);
    const length = kind === 'text' ? unmapEntry(utf8, 0, utf8.length, scratch) : -1;
    // An entry that is not written in the byte map is shown as it is, and no text gives it.
    if (kind === 'control') table.add(utf8, 0, false);
    else if (length < 0) table.add(utf8, utf8.length, kind === 'literal');
    else table.add(scratch, length, true);
  }
  return table;
}

/** Merges by the ids of their two parts, in a hash table: 280,147 of them take 5.5 MB. */
class MergeTable implements Merges {
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #result: Int32Array;
  /** Rank plus one; 0 is a free slot. */
  readonly #slots: Uint32Array;
  readonly #probes = new Probes();

  constructor(merges: StringArray | undefined, table: EntryTable) {
    const count = merges?.length ?? 0;
    this.#left = new Int32Array(count);
    this.#right = new Int32Array(count);
    this.#result = new Int32Array(count);
    this.#slots = new Uint32Array(slotsFor(count));
    if (merges) this.#fill(merges, table);
  }

  find(word: Word, left: number, right: number): number {
    return this.#slots[this.#slotOf(word.ids[left]!, word.ids[right]!)]! - 1;
  }

  rank(merge: number): number {
    return merge;
  }

  result(merge: number): number {
    return this.#result[merge]!;
  }

  #fill(merges: StringArray, table: EntryTable): void {
    let scratch = new Uint8Array(1024);
    for (let rank = 0; rank < merges.length; rank++) {
      const utf8 = merges.bytesAt(rank);
      const space = separator(utf8, rank);
      if (utf8.length > scratch.length) scratch = new Uint8Array(utf8.length * 2);
      const middle = unmapEntry(utf8, 0, space, scratch);
      const rest = middle < 0 ? -1 : unmapEntry(utf8, space + 1, utf8.length, scratch, middle);
      if (rest < 0) continue;
      const left = table.find(scratch, 0, middle);
      const right = table.find(scratch, middle, middle + rest);
      const result = table.find(scratch, 0, middle + rest);
      // A merge from or to what is no text, a control token above all, never applies.
      if (left >= 0 && right >= 0 && result >= 0) this.#add(rank, left, right, result);
    }
  }

  #add(rank: number, left: number, right: number, result: number): void {
    this.#left[rank] = left;
    this.#right[rank] = right;
    this.#result[rank] = result;
    const slot = this.#slotOf(left, right);
    if (this.#slots[slot] === 0) this.#slots[slot] = rank + 1;
  }

  #slotOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    const h = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
    const home = (h ^ (h >>> 15)) & mask;
    let slot = home;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const rank = this.#slots[slot]! - 1;
      if (this.#left[rank] === left && this.#right[rank] === right) break;
    }
    this.#probes.spend((slot - home) & mask);
    return slot;
  }
}

const SPACE = 0x20;

/** Where the one space of a merge is, which has something on either side. */
function separator(merge: Uint8Array, rank: number): number {
  const space = merge.indexOf(SPACE, 1);
  const one = space > 0 && space < merge.length - 1 && merge.indexOf(SPACE, space + 1) < 0;
  if (one) return space;
  const text = JSON.stringify(decodeUtf8(merge).slice(0, 80));
  throw badModel(`merge ${rank} is ${text}; expected two parts with a space between`);
}
