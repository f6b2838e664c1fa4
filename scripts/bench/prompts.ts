import { readFileSync } from 'node:fs';
import { bytesSource, createTokenizer, readGguf, type Tokenizer } from '@pocketbit/core';

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
  const tokenizer = createTokenizer(await readGguf(bytesSource(readFileSync(file))));
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
