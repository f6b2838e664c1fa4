import { unsupported } from '../errors.ts';

/** How text is cut before BPE, as `tokenizer.ggml.pre` names it. */
export interface PreTokenizer {
  /** Applied one after the other, each cutting the pieces the ones before left. */
  readonly patterns: readonly string[];
  /** Whether a piece that is a whole vocabulary entry is taken without merging. */
  readonly ignoreMerges: boolean;
  /** Whether a text begins with the BOS token where the file does not say. */
  readonly addBos: boolean;
}

// Regular expressions from llama.cpp src/llama-vocab.cpp, in its spelling.
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";
const CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const AFTER_NUMBERS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const LLAMA3 = `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|${AFTER_NUMBERS}`;
const QWEN2 = `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|${AFTER_NUMBERS}`;
const DEFAULT = ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'];

const plain = (...patterns: string[]): PreTokenizer => ({
  patterns,
  ignoreMerges: false,
  addBos: false,
});
const llama3: PreTokenizer = { patterns: [LLAMA3], ignoreMerges: true, addBos: true };

const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['default', plain(...DEFAULT)],
  ['gpt-2', plain(GPT2)],
  ['qwen2', plain(QWEN2)],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['llama-bpe', llama3],
  ['falcon3', llama3],
]);

/** Entries of the Llama 3 vocabulary. BitNet 2B-4T's GGUF has it and names no pre-tokenizer. */
const LLAMA3_VOCABULARY = 128_256;

/** The pre-tokenizer of a file: by its name, else by its vocabulary, else llama.cpp's default. */
export function preTokenizerOf(name: string | undefined, vocabSize: number): PreTokenizer {
  if (name === undefined) return vocabSize === LLAMA3_VOCABULARY ? llama3 : plain(...DEFAULT);
  const found = PRE_TOKENIZERS.get(name);
  if (found) return found;
  const known = [...PRE_TOKENIZERS.keys()].join(', ');
  throw unsupported(
    `the pre-tokenizer "${name.slice(0, 80)}" is not known; expected one of ${known}`,
  );
}
