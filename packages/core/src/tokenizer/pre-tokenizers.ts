import { unsupported } from '../errors.ts';

/** How text is cut before BPE, as `tokenizer.ggml.pre` names it. */
export interface PreTokenizer {
  /** Applied one after the other, each cutting the pieces the ones before left. */
  readonly patterns: readonly RegExp[];
  /** Whether a piece that is a whole vocabulary entry is taken without merging. */
  readonly ignoreMerges: boolean;
  /** Whether a text begins with the BOS token where the file does not say. */
  readonly addBos: boolean;
}

// Regular expressions from llama.cpp src/llama-vocab.cpp. Theirs mean Unicode's White_Space by \s; in
// JavaScript \s has U+FEFF and lacks U+0085, so the property is written out.
const WS = '\\p{White_Space}';
const GPT2 =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+" +
  `| ?[^${WS}\\p{L}\\p{N}]+|${WS}+(?!\\P{White_Space})`;
const CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const AFTER_NUMBERS =
  ` ?[^${WS}\\p{L}\\p{N}]+[\\r\\n]*|${WS}*[\\r\\n]+` + `|${WS}+(?!\\P{White_Space})|${WS}+`;
const words = (numbers: string) =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}|${AFTER_NUMBERS}`;
const LLAMA3 = words('\\p{N}{1,3}');
const QWEN2 = words('\\p{N}');
const DEFAULT = ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'];

const plain = (...patterns: string[]): PreTokenizer => ({
  patterns: patterns.map((source) => new RegExp(source, 'gu')),
  ignoreMerges: false,
  addBos: false,
});
const llama3: PreTokenizer = { ...plain(LLAMA3), ignoreMerges: true, addBos: true };
const byDefault = plain(...DEFAULT);

const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['default', byDefault],
  ['gpt-2', plain(GPT2)],
  ['qwen2', plain(QWEN2)],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['llama-bpe', llama3],
  ['falcon3', llama3],
  ['falcon-h1', llama3],
  ['falcon_e', llama3],
]);

/** Entries of the Llama 3 vocabulary. BitNet 2B-4T's GGUF has it and names no pre-tokenizer. */
const LLAMA3_VOCABULARY = 128_256;

/** The pre-tokenizer of a file: by its name, else by its vocabulary, else llama.cpp's default. */
export function preTokenizerOf(name: string | undefined, vocabSize: number): PreTokenizer {
  if (name === undefined) return vocabSize === LLAMA3_VOCABULARY ? llama3 : byDefault;
  const found = PRE_TOKENIZERS.get(name);
  if (found) return found;
  const known = [...PRE_TOKENIZERS.keys()].join(', ');
  throw unsupported(
    `the pre-tokenizer "${name.slice(0, 80)}" is not known; expected one of ${known}`,
  );
}

/** The text in pieces: what the patterns match and what lies between, in order. */
export function cutText(text: string, patterns: readonly RegExp[]): string[] {
  let pieces = text === '' ? [] : [text];
  for (const pattern of patterns) pieces = pieces.flatMap((piece) => cutPiece(piece, pattern));
  return pieces;
}

function cutPiece(text: string, pattern: RegExp): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push(match[0]);
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}
