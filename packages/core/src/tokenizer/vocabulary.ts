import { badModel, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { StringArray } from '../gguf/values.ts';
import { Metadata } from '../plan/metadata.ts';
import { type PreTokenizer, preTokenizerOf } from './pre-tokenizers.ts';

/** Ids with a part in every text, where the file names them. */
export interface SpecialIds {
  readonly bos?: number | undefined;
  readonly eos?: number | undefined;
  readonly eot?: number | undefined;
  readonly pad?: number | undefined;
  readonly unknown?: number | undefined;
}

/** The tokenizer metadata of a file, checked. */
export interface Vocabulary {
  readonly entries: StringArray;
  /** Ids the model can produce: the embedding's rows, which padding can make more than the entries. */
  readonly size: number;
  readonly merges: StringArray | undefined;
  readonly preTokenizer: PreTokenizer;
  readonly specials: SpecialIds;
  readonly addBos: boolean;
  readonly addEos: boolean;
  kind(id: number): TokenKind;
}

/** Of an entry: `text` is byte-level BPE, `control` never comes from plain text, `literal` always splits it. */
export type TokenKind = 'text' | 'control' | 'literal';

// Values of `tokenizer.ggml.token_type`; the others (normal, unused, byte) are text here.
const UNKNOWN_TYPE = 2;
const CONTROL_TYPE = 3;
const USER_DEFINED_TYPE = 4;

/** Reads and checks the tokenizer metadata of a byte-level BPE model. */
export function vocabularyOf(header: GgufHeader): Vocabulary {
  const metadata = new Metadata(header.metadata);
  refuseOtherModels(metadata);
  const entries = metadata.strings('tokenizer.ggml.tokens');
  if (!entries || entries.length === 0) {
    throw badModel('the metadata lacks "tokenizer.ggml.tokens", the vocabulary');
  }
  const types = metadata.integers('tokenizer.ggml.token_type');
  if (types && types.length !== entries.length) {
    throw badModel(`the vocabulary has ${entries.length} entries and ${types.length} token types`);
  }
  const preTokenizer = preTokenizerOf(metadata.text('tokenizer.ggml.pre'), entries.length);
  return {
    entries,
    size: sizeOf(header, entries.length),
    merges: metadata.strings('tokenizer.ggml.merges'),
    preTokenizer,
    specials: specialsOf(metadata, entries.length),
    addBos: metadata.flag('tokenizer.ggml.add_bos_token') ?? preTokenizer.addBos,
    addEos: metadata.flag('tokenizer.ggml.add_eos_token') ?? false,
    kind: (id) => kindOf(types?.[id]),
  };
}

function refuseOtherModels(metadata: Metadata): void {
  const model = metadata.text('tokenizer.ggml.model');
  if (model === 'gpt2') return;
  if (model === undefined) {
    throw badModel('the metadata lacks "tokenizer.ggml.model": the file has no tokenizer');
  }
  const name = model === 'llama' ? '"llama" (SentencePiece)' : JSON.stringify(model.slice(0, 80));
  throw unsupported(`the tokenizer ${name} is not run; expected "gpt2", byte-level BPE`);
}

function sizeOf(header: GgufHeader, entries: number): number {
  const rows = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')?.shape[1];
  if (rows === undefined || rows === entries) return entries;
  if (rows > entries) return rows;
  throw badModel(`the vocabulary has ${entries} entries, and the embedding only ${rows} rows`);
}

function specialsOf(metadata: Metadata, entries: number): SpecialIds {
  const id = (name: string): number | undefined => {
    const key = `tokenizer.ggml.${name}_token_id`;
    return metadata.has(key) ? metadata.count(key, 0, entries - 1) : undefined;
  };
  return {
    bos: id('bos'),
    eos: id('eos'),
    eot: id('eot'),
    pad: id('padding'),
    unknown: id('unknown'),
  };
}

function kindOf(type: number | undefined): TokenKind {
  if (type === CONTROL_TYPE || type === UNKNOWN_TYPE) return 'control';
  return type === USER_DEFINED_TYPE ? 'literal' : 'text';
}
