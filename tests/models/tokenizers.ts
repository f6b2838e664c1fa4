// Tokenizer metadata in the form of each family's files, with generated entries.
import type { TypedValue } from '../../packages/core/test/gguf-writer.ts';
import { vocabulary } from './vocabulary.ts';

export type TokenizerFamily =
  | 'gpt-2'
  | 'llama3'
  | 'bitnet-2b4t'
  | 'qwen3'
  | 'falcon-e'
  | 'sentencepiece';

export type Metadata = readonly (readonly [key: string, value: TypedValue])[];

interface BytePairs {
  readonly pre?: string;
  /** Control tokens by name; they end the vocabulary. */
  readonly controls: readonly string[];
  /** Further reserved control tokens. */
  readonly reserved: number;
  readonly bos?: string;
  readonly eos?: string;
  readonly addBos?: boolean;
  /** Merges, where there are more than entries with two parts. */
  readonly merges?: number;
}

const LLAMA3_CONTROLS = ['<|begin_of_text|>', '<|end_of_text|>', '<|eot_id|>'];

const BYTE_PAIRS: Record<Exclude<TokenizerFamily, 'sentencepiece'>, BytePairs> = {
  // Nothing ends an answer: every text has the length that is asked for.
  'gpt-2': { pre: 'gpt-2', controls: [], reserved: 0 },
  llama3: {
    pre: 'llama-bpe',
    controls: LLAMA3_CONTROLS,
    reserved: 0,
    bos: '<|begin_of_text|>',
    eos: '<|eot_id|>',
  },
  // As published: no name of a pre-tokenizer, no id of <|eot_id|>, and every way to cut an entry in two as a merge.
  'bitnet-2b4t': {
    controls: LLAMA3_CONTROLS,
    reserved: 253,
    bos: '<|begin_of_text|>',
    eos: '<|end_of_text|>',
    addBos: true,
    merges: 280_147,
  },
  qwen3: {
    pre: 'qwen2',
    controls: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'],
    reserved: 23,
    eos: '<|im_end|>',
    addBos: false,
  },
  'falcon-e': {
    pre: 'falcon_e',
    controls: ['<|begin_of_text|>', '<|end_of_text|>', '<|pad|>'],
    reserved: 0,
    bos: '<|begin_of_text|>',
    eos: '<|end_of_text|>',
  },
};

/** The `tokenizer.` entries of a vocabulary of `size`. */
export function tokenizerMetadata(family: TokenizerFamily, size: number): Metadata {
  return family === 'sentencepiece' ? sentencePiece(size) : bytePairs(BYTE_PAIRS[family], size);
}

const text = (value: string): TypedValue => ({ type: 'string', value });
const id = (value: number): TypedValue => ({ type: 'u32', value });
const strings = (value: readonly string[]): TypedValue => ({ type: 'strings', value });

function bytePairs(family: BytePairs, size: number): Metadata {
  const reserved = Array.from({ length: family.reserved }, (_, i) => `<|reserved_${i}|>`);
  const controls = [...family.controls, ...reserved];
  const plain = vocabulary(size - controls.length);
  const tokens = [...plain.tokens, ...controls];
  const merges = withMore(plain.merges, family.merges ?? 0);
  const types = tokens.map((_, i) => (i < plain.tokens.length ? 1 : 3));
  const at = (name: string) => id(tokens.indexOf(name));
  return [
    ['tokenizer.ggml.model', text('gpt2')],
    ...(family.pre ? [['tokenizer.ggml.pre', text(family.pre)] as const] : []),
    ['tokenizer.ggml.tokens', strings(tokens)],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: types }],
    ['tokenizer.ggml.merges', strings(merges)],
    ...(family.bos ? [['tokenizer.ggml.bos_token_id', at(family.bos)] as const] : []),
    ...(family.eos ? [['tokenizer.ggml.eos_token_id', at(family.eos)] as const] : []),
    ...(family.addBos === undefined
      ? []
      : [['tokenizer.ggml.add_bos_token', { type: 'bool', value: family.addBos }] as const]),
  ];
}

/** Further ways to make the longer entries, after the ones that are needed. */
function withMore(merges: readonly string[], count: number): string[] {
  const all = new Set(merges);
  for (const merge of merges) {
    const entry = merge.replace(' ', '');
    for (let cut = 1; cut < entry.length && all.size < count; cut++) {
      all.add(`${entry.slice(0, cut)} ${entry.slice(cut)}`);
    }
  }
  return [...all];
}

const CHARACTERS = '▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?-\'"';

function sentencePiece(size: number): Metadata {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const head = ['<unk>', '<s>', '</s>', ...bytes];
  const words = vocabulary(256 + Math.max(0, size - head.length - CHARACTERS.length)).tokens;
  const tokens = [...head, ...words.slice(256), ...CHARACTERS].slice(0, size);
  const types = tokens.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < head.length ? 6 : 1));
  const scores = tokens.map((_, i) => (i < head.length ? 0 : head.length - i));
  return [
    ['tokenizer.ggml.model', text('llama')],
    ['tokenizer.ggml.pre', text('default')],
    ['tokenizer.ggml.tokens', strings(tokens)],
    ['tokenizer.ggml.scores', { type: 'f32s', value: scores }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: types }],
    ['tokenizer.ggml.bos_token_id', id(1)],
    ['tokenizer.ggml.eos_token_id', id(2)],
    ['tokenizer.ggml.unknown_token_id', id(0)],
  ];
}
