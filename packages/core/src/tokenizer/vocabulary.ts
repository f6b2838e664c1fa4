import { badModel } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { StringArray } from '../gguf/values.ts';
import { Metadata } from '../plan/metadata.ts';
import { decodeUtf8 } from '../text.ts';
import { checkSpecialIds, type SpecialIds, specialIdsOf } from './special-ids.ts';

/** The entries of a file's vocabulary and what each is, checked. */
export interface Vocabulary {
  readonly entries: StringArray;
  /** Ids the model can produce: the embedding's rows, which padding can make more than the entries. */
  readonly size: number;
  readonly specials: SpecialIds;
  kind(id: number): TokenKind;
}

/**
 * Of an entry: `text` is made by the tokenizer, `byte` stands for a byte (SentencePiece), `control`
 * never comes from plain text, `literal` always splits it.
 */
export type TokenKind = 'text' | 'byte' | 'control' | 'literal';

/** Control tokens that end a turn, by text: several published files do not name theirs by id. */
export const TURN_ENDS: readonly string[] = [
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|endoftext|>',
  '<|end_of_text|>',
];

const KINDS: readonly TokenKind[] = ['text', 'byte', 'control', 'literal'];
const TEXT = 0;
const BYTE = 1;
const CONTROL = 2;
const LITERAL = 3;

/** Indices into KINDS by `tokenizer.ggml.token_type`: undefined, normal, unknown, control, user-defined, unused, byte. */
const KIND_OF_TYPE = [TEXT, TEXT, CONTROL, CONTROL, LITERAL, TEXT, BYTE];

/** Twice the largest vocabularies known, Gemma's: its tables take half a second. */
const MAX_ENTRIES = 2 ** 19;

/** Reads and checks the vocabulary of a file. */
export function vocabularyOf(header: GgufHeader): Vocabulary {
  const metadata = new Metadata(header.metadata);
  const entries = metadata.strings('tokenizer.ggml.tokens');
  if (!entries || entries.length === 0) {
    throw badModel('the metadata lacks "tokenizer.ggml.tokens", the vocabulary');
  }
  if (entries.length > MAX_ENTRIES) {
    throw badModel(`the vocabulary has ${entries.length} entries; at most ${MAX_ENTRIES} are read`);
  }
  const specials = specialIdsOf(metadata, entries.length);
  const kinds = kindsOf(metadata, entries, specials);
  return {
    entries,
    size: sizeOf(header, entries.length),
    specials,
    kind: (id) => KINDS[kinds[id] ?? TEXT]!,
  };
}

function sizeOf(header: GgufHeader, entries: number): number {
  const rows = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')?.shape[1];
  if (rows === undefined || rows === entries) return entries;
  if (rows > entries) return rows;
  throw badModel(`the vocabulary has ${entries} entries, and the embedding only ${rows} rows`);
}

/** The id for what the vocabulary lacks; none where it begins or ends texts or turns, which text must not do. */
export function unknownOf({ specials, entries }: Vocabulary): number | undefined {
  const { unknown, bos, eos, eot } = specials;
  if (unknown === undefined || [bos, eos, eot].includes(unknown)) return undefined;
  return TURN_ENDS.includes(entries.at(unknown)) ? undefined : unknown;
}

/** An index into KINDS for every entry. */
function kindsOf(metadata: Metadata, entries: StringArray, specials: SpecialIds): Uint8Array {
  const types = metadata.integers('tokenizer.ggml.token_type');
  if (types && types.length !== entries.length) {
    throw badModel(`the vocabulary has ${entries.length} entries and ${types.length} token types`);
  }
  checkSpecialIds(specials, entries, types);
  const kinds = new Uint8Array(entries.length);
  for (let id = 0; id < kinds.length; id++) {
    refuseLong(entries.bytesAt(id).length, id);
    kinds[id] = types ? kindByType(types[id]!, id) : kindByText(entries.bytesAt(id));
    if ((kinds[id] === TEXT || kinds[id] === LITERAL) && isTurnEnd(entries.bytesAt(id)))
      kinds[id] = CONTROL;
  }
  refuseManySpecials(kinds);
  if (!types) {
    const { bos, eos, eot, unknown } = specials;
    for (const id of [bos, eos, eot, unknown]) if (id !== undefined) kinds[id] = CONTROL;
  }
  return kinds;
}

function kindByType(type: number, id: number): number {
  const kind = KIND_OF_TYPE[type];
  if (kind === undefined) {
    throw badModel(`token ${id} has the type ${type}; expected 0 to ${KIND_OF_TYPE.length - 1}`);
  }
  return kind;
}

/** Bytes of an entry, which one step of the model may add to an answer. The longest published have about 256. */
const MAX_ENTRY_BYTES = 1024;

function refuseLong(bytes: number, id: number): void {
  if (bytes <= MAX_ENTRY_BYTES) return;
  throw badModel(`token ${id} is ${bytes} bytes long; at most ${MAX_ENTRY_BYTES} are read`);
}

/** Control and literal tokens become strings; Gemma 3 has 6,400 of them. */
const MAX_SPECIALS = 65_536;

function refuseManySpecials(kinds: Uint8Array): void {
  const found = kinds.reduce((sum, kind) => sum + Number(kind === CONTROL || kind === LITERAL), 0);
  if (found <= MAX_SPECIALS) return;
  throw badModel(
    `the vocabulary has ${found} control and user-defined tokens; at most ${MAX_SPECIALS} are read`,
  );
}

const LESS_THAN = 0x3c;
const BYTE_ENTRY_LENGTH = 6;

function kindByText(entry: Uint8Array): number {
  const candidate = entry.length === BYTE_ENTRY_LENGTH && entry[0] === LESS_THAN;
  return candidate && /^<0x[0-9A-Fa-f]{2}>$/.test(decodeUtf8(entry)) ? BYTE : TEXT;
}

/** Several converters give these the type of plain text, or of what a user defined. */
function isTurnEnd(entry: Uint8Array): boolean {
  return entry[0] === LESS_THAN && TURN_ENDS.includes(decodeUtf8(entry));
}
