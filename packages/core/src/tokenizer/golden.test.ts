import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { F32, tensor, tinyModel } from '../../test/tiny-model.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { createTokenizer } from './tokenizer.ts';

// Written by test/fixtures/golden_tokens.py with Hugging Face's Rust tokenizers.
const path = new URL('../../test/fixtures/golden_tokens.json', import.meta.url);
const golden: {
  tokens: string[];
  merges: string[];
  texts: string[];
  ids: Record<string, number[][]>;
} = JSON.parse(await readFile(path, 'utf8'));

async function tokenizerOf(pre: string) {
  const metadata = {
    'tokenizer.ggml.pre': { type: 'string', value: pre },
    'tokenizer.ggml.tokens': { type: 'strings', value: golden.tokens },
    'tokenizer.ggml.merges': { type: 'strings', value: golden.merges },
    'tokenizer.ggml.token_type': null,
    'tokenizer.ggml.eos_token_id': null,
  } as const;
  const tensors = () => [tensor('token_embd.weight', [256, golden.tokens.length], F32)];
  return createTokenizer(await readGguf(bytesSource(tinyModel({ metadata, tensors }))));
}

test.each(Object.keys(golden.ids))('%s gives the ids of the Rust tokenizers', async (pre) => {
  const tokenizer = await tokenizerOf(pre);
  const found = golden.texts.map((text) => tokenizer.encode(text, { addSpecial: false }));
  expect(found).toEqual(golden.ids[pre]);
  golden.texts.forEach((text, i) => {
    expect(tokenizer.decode(found[i]!)).toBe(text);
  });
});
