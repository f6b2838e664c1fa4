// The committed tokenizers and the hashes that the Rust tokenizers and sentencepiece give (tests/fixtures/tokenizers).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bytesSource, createTokenizer, readGguf } from '@pocketbit/core';
import { tokenizerStrings } from '../models/strings.ts';

const folder = new URL('../fixtures/tokenizers/', import.meta.url);
const golden: { strings: number; block: number; hashes: Record<string, string[]> } = JSON.parse(
  readFileSync(new URL('hashes.json', folder), 'utf8'),
);
/** As write-strings.ts draws them. */
const SEED = 3;

export const tokenizerNames = Object.keys(golden.hashes);

/** How many strings were encoded, and how many lie in a block of a hundred with a wrong id. */
export async function compareTokenizer(name: string) {
  const file = readFileSync(new URL(`${name}.gguf`, folder));
  const tokenizer = createTokenizer(await readGguf(bytesSource(new Uint8Array(file))));
  const strings = tokenizerStrings(golden.strings, SEED);
  const wrongBlocks = golden.hashes[name]!.filter((expected, i) => {
    const digest = createHash('sha256');
    for (const text of strings.slice(i * golden.block, (i + 1) * golden.block)) {
      const ids = tokenizer.encode(text, { addSpecial: false });
      digest.update(Buffer.from(Int32Array.of(ids.length, ...ids).buffer));
    }
    return digest.digest('hex') !== expected;
  });
  return { strings: strings.length, wrong: wrongBlocks.length * golden.block };
}
