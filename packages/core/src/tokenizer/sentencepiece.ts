import { badModel } from '../errors.ts';
import { decodeUtf8, encodeUtf8 } from '../text.ts';
import type { Codec } from './codec.ts';
import { EntryTable } from './entry-table.ts';
import { type Merges, mergeAll, Word } from './merging.ts';
import { unknownOf, type Vocabulary } from './vocabulary.ts';

/** What the metadata says about spaces. */
export interface SpaceRules {
  /** Whether a text gets a space before its first word. */
  readonly prefix: boolean;
  /** Whether leading and trailing spaces go and runs of spaces become one. */
  readonly removeExtra: boolean;
}

/** U+2581, which stands for a space inside the vocabulary. */
const SPACE_MARK = '\u2581';
const BYTE_ENTRY = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * SentencePiece BPE over a GGUF vocabulary: neighbouring symbols whose concatenation is an entry are
 * joined, the entry of the highest score first; characters without an entry become bytes.
 * Source: google/sentencepiece src/bpe_model.cc.
 */
export function sentencePieceCodec(
  vocabulary: Vocabulary,
  scores: Float32Array,
  spaces: SpaceRules,
): Codec {
  const table = entryTable(vocabulary);
  const byteIds = findByteIds(vocabulary);
  const merges = new ScoredMerges(table, ranksOf(scores));
  const unknown = unknownOf(vocabulary);
  const pushLost = (bytes: Uint8Array, ids: number[], afterLost: boolean): void => {
    const fallback = Array.from(bytes, (byte) => byteIds[byte]!);
    if (fallback.every((id) => id >= 0)) ids.push(...fallback);
    else if (unknown === undefined) throw missing(bytes);
    else if (!afterLost) ids.push(unknown);
  };
  const merged = (text: string): number[] => {
    const word = characters(text, table);
    mergeAll(word, merges);
    const ids: number[] = [];
    let lost = false;
    for (let at = 0; at < word.bytes.length; at = word.ends[at]!) {
      const id = word.ids[at]!;
      if (id >= 0) ids.push(id);
      else pushLost(word.bytes.subarray(at, word.ends[at]!), ids, lost);
      lost = id < 0;
    }
    return ids;
  };
  return {
    prefix: spaces.prefix ? merged(SPACE_MARK) : [],
    bytes: (id) => shownBytes(vocabulary, table, id),
    encode: (text, first, last) => merged(normalized(text, spaces, first, last)),
  };
}

function missing(bytes: Uint8Array) {
  const character = JSON.stringify(decodeUtf8(bytes));
  return badModel(`the model's vocabulary has no token for ${character}; leave it out of the text`);
}

/** The text with its spaces as the model knows them. Source: sentencepiece src/normalizer.cc. */
function normalized(text: string, spaces: SpaceRules, first: boolean, last: boolean): string {
  let kept = text;
  if (spaces.removeExtra) {
    kept = kept.replace(/ {2,}/g, ' ');
    if (first) kept = kept.replace(/^ /, '');
    if (last) kept = withoutTail(kept);
  }
  const prefix = spaces.prefix && first && kept !== '' ? SPACE_MARK : '';
  return prefix + kept.replaceAll(' ', SPACE_MARK);
}

function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === SPACE_MARK)) end--;
  return text.slice(0, end);
}

/** One symbol a character. */
function characters(text: string, table: EntryTable): Word {
  const bytes = encodeUtf8(text);
  const word = new Word(bytes);
  for (let at = 0; at < bytes.length; ) {
    const end = at + utf8Length(bytes[at]!);
    word.set(at, end, table.find(bytes, at, end));
    at = end;
  }
  return word;
}

function utf8Length(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function entryTable(vocabulary: Vocabulary): EntryTable {
  const { entries } = vocabulary;
  const table = new EntryTable(entries.length, entries.byteLength);
  for (let id = 0; id < entries.length; id++) {
    const kind = vocabulary.kind(id);
    const utf8 = entries.bytesAt(id);
    table.add(utf8, utf8.length, kind === 'text' || kind === 'literal');
  }
  return table;
}

function findByteIds(vocabulary: Vocabulary): Int32Array {
  const ids = new Int32Array(256).fill(-1);
  for (let id = 0; id < vocabulary.entries.length; id++) {
    if (vocabulary.kind(id) !== 'byte') continue;
    const byte = byteOf(vocabulary, id);
    if (byte === undefined || ids[byte] !== -1) throw strayByte(vocabulary, id);
    ids[byte] = id;
  }
  return ids;
}

function strayByte({ entries }: Vocabulary, id: number) {
  const text = JSON.stringify(entries.at(id).slice(0, 80));
  return badModel(`token ${id} is a byte and written ${text}; expected one <0x00> to <0xFF> each`);
}

function byteOf(vocabulary: Vocabulary, id: number): number | undefined {
  const digits = BYTE_ENTRY.exec(vocabulary.entries.at(id))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function shownBytes(vocabulary: Vocabulary, table: EntryTable, id: number): Uint8Array {
  const kind = vocabulary.kind(id);
  if (kind === 'control') return new Uint8Array(0);
  const byte = kind === 'byte' ? byteOf(vocabulary, id) : undefined;
  if (byte !== undefined) return Uint8Array.of(byte);
  return encodeUtf8(decodeUtf8(table.bytesOf(id)).replaceAll(SPACE_MARK, ' '));
}

/** Merges numbered by the id they make. */
class ScoredMerges implements Merges {
  readonly #table: EntryTable;
  readonly #ranks: Uint32Array;

  constructor(table: EntryTable, ranks: Uint32Array) {
    this.#table = table;
    this.#ranks = ranks;
  }

  find(word: Word, left: number, right: number): number {
    return this.#table.find(word.bytes, left, word.ends[right]!);
  }

  rank(merge: number): number {
    return this.#ranks[merge]!;
  }

  result(merge: number): number {
    return merge;
  }
}

/** The place of every entry in the order of falling scores; equal scores share one. */
function ranksOf(scores: Float32Array): Uint32Array {
  const order = fallingOrder(scores);
  const ranks = new Uint32Array(scores.length);
  let rank = 0;
  order.forEach((id, i) => {
    if (i > 0 && scores[id] !== scores[order[i - 1]!]) rank = i;
    ranks[id] = rank;
  });
  return ranks;
}

/** Ids are below 2^21: they and 32 bits fill a double exactly. */
const ID_RANGE = 2 ** 21;
const SIGN = 0x8000_0000;

/**
 * The ids by falling scores. Sorted as numbers of score and id, not by a function: of 2^19 scores that takes
 * 0.1 s instead of 1.
 */
function fallingOrder(scores: Float32Array): Uint32Array {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const keys = Float64Array.from(bits, (word, id) => {
    // Of floats the bits rise with the value, once those of negative ones are turned round.
    const rising = word >= SIGN ? ~word >>> 0 : word + SIGN;
    return (0xffff_ffff - rising) * ID_RANGE + id;
  });
  return Uint32Array.from(keys.sort(), (key) => key % ID_RANGE);
}
