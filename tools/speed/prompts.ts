import { createTokenizer, readGguf, type Tokenizer } from '@pocketbit/core';
import { FileSource } from '../../packages/cli/src/file-source.ts';
import { words } from '../../tests/models/fill.ts';

/** Beginnings that differ in their first token, so that no prompt finds a prefix of the one before in the cache. */
const FIRST = [...'abcdefghijklmnopqrstuvwxyz'];
/** Pieces that most vocabularies hold as one token, in the order they are tried. */
const FILLERS = [' a', ' the', '!', '?', 'z'];

/** `count` texts of exactly `tokens` tokens of this model, ending in `tail`; the first tokens differ. */
export async function promptsOf(
  file: string,
  tokens: number,
  count: number,
  tail = '',
): Promise<string[]> {
  const tokenizer = await tokenizerOf(file);
  return FIRST.slice(0, count).map((first) => fillUp(tokenizer, first, tail, tokens));
}

function fillUp(tokenizer: Tokenizer, first: string, tail: string, tokens: number): string {
  const count = (text: string) => tokenizer.encode(text + tail, { parseSpecial: true }).length;
  let text = first;
  while (count(text) < tokens) {
    const filler = FILLERS.find((piece) => count(text + piece) === count(text) + 1);
    if (!filler) throw new Error(`no filler of one token after "${text}"`);
    text += filler;
  }
  if (count(text) !== tokens) throw new Error(`no prompt of ${tokens} tokens`);
  return text + tail;
}

/**
 * `count` texts of exactly `tokens` tokens of a vocabulary of letter runs, drawn letters with a seed; the first letters
 * differ. Such texts hold no byte tokens, whose embeddings are zero in the bench's models.
 */
export async function lettersOf(file: string, tokens: number, count: number): Promise<string[]> {
  const tokenizer = await tokenizerOf(file);
  return FIRST.slice(0, count).map((first, i) => drawLetters(tokenizer, first, tokens, i + 1));
}

function drawLetters(tokenizer: Tokenizer, first: string, tokens: number, seed: number): string {
  const next = words(seed);
  let text = first;
  for (;;) {
    const missing = tokens - tokenizer.encode(text).length;
    if (missing === 0) return text;
    if (missing < 0) throw new Error(`no letters of ${tokens} tokens`);
    // A letter makes at most one token more.
    for (let i = 0; i < missing; i++) text += FIRST[next() % FIRST.length]!;
  }
}

/** The tokenizer of a GGUF file. */
export async function tokenizerOf(path: string): Promise<Tokenizer> {
  const file = await FileSource.open(path);
  try {
    return createTokenizer(await readGguf(file));
  } finally {
    await file.close();
  }
}
