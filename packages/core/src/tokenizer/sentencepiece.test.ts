import { describe, expect, test } from 'vitest';
import type { TypedValue } from '../../test/gguf-writer.ts';
import { F32, tensor, tinyModel } from '../../test/tiny-model.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { createTokenizer } from './tokenizer.ts';

const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const ENTRIES = ['<unk>', '<s>', '</s>', ...BYTES, '▁', 'a', 'b', 'ab', '▁a', '▁ab', 'ba', '<t>'];
const TYPES: number[] = ENTRIES.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1));
TYPES[ENTRIES.length - 1] = 4;
const SCORES = ENTRIES.map((_, i) => -i);

async function tokenizerOf(change: Record<string, TypedValue | null> = {}) {
  const metadata = {
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: ENTRIES },
    'tokenizer.ggml.token_type': { type: 'i32s', value: TYPES },
    'tokenizer.ggml.scores': { type: 'f32s', value: SCORES },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 },
    'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
    ...change,
  } as const;
  const tensors = () => [tensor('token_embd.weight', [256, ENTRIES.length], F32)];
  return createTokenizer(await readGguf(bytesSource(tinyModel({ metadata, tensors }))));
}

const flag = (value: boolean): TypedValue => ({ type: 'bool', value });

describe('encode', () => {
  const entries = async (text: string, change: Record<string, TypedValue | null> = {}) => {
    const tokenizer = await tokenizerOf(change);
    return tokenizer.encode(text, { parseSpecial: true }).map((id) => tokenizer.tokenText(id));
  };

  test('begins with BOS and a space, and joins by score', async () => {
    expect(await entries('ab')).toEqual(['<s>', '▁ab']);
    expect(await entries('aba')).toEqual(['<s>', '▁ab', 'a']);
    expect(await entries('b ab')).toEqual(['<s>', '▁', 'b', '▁ab']);
  });

  test('a character without an entry becomes its bytes', async () => {
    expect(await entries('é')).toEqual(['<s>', '▁', '<0xC3>', '<0xA9>']);
  });

  test('without bytes it is unknown, once for a run', async () => {
    const types: TypedValue = { type: 'i32s', value: TYPES.map((type) => (type === 6 ? 5 : type)) };
    expect(await entries('a日本b', { 'tokenizer.ggml.token_type': types })).toEqual([
      '<s>',
      '▁a',
      '<unk>',
      'b',
    ]);
  });

  test('entries of bytes never come from their names', async () => {
    expect(await entries('<0x41>')).not.toContain('<0x41>');
  });

  test('a word after a control token has its space, one after a literal has none', async () => {
    expect(await entries('a</s>a<t>a')).toEqual(['<s>', '▁a', '</s>', '▁a', '<t>', 'a']);
    expect(await entries('<t>')).toEqual(['<s>', '▁', '<t>']);
  });

  test('the flags of the file rule spaces, BOS and EOS', async () => {
    const bare = {
      'tokenizer.ggml.add_space_prefix': flag(false),
      'tokenizer.ggml.add_bos_token': flag(false),
      'tokenizer.ggml.add_eos_token': flag(true),
    };
    expect(await entries('ab', bare)).toEqual(['ab', '</s>']);
    const removed = { 'tokenizer.ggml.remove_extra_whitespaces': flag(true) };
    expect(await entries('  a   b  ', removed)).toEqual(['<s>', '▁a', '▁', 'b']);
    expect(await entries('   ', removed)).toEqual(['<s>']);
  });

  test('without token types bytes are known by their names', async () => {
    const found = await entries('aé', { 'tokenizer.ggml.token_type': null });
    expect(found).toEqual(['<s>', '▁a', '<0xC3>', '<0xA9>']);
  });
});

test('decode takes the first space away; a stream, which continues a text, keeps it', async () => {
  const tokenizer = await tokenizerOf();
  for (const text of ['ab', ' ab', 'é日🦊', 'a  b', '']) {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
  const stream = tokenizer.stream();
  expect(tokenizer.encode('ab 🦊').map((id) => stream.push(id))).toEqual([
    '',
    ' ab',
    ' ',
    '',
    '',
    '',
    '🦊',
  ]);
});

test.each([
  ['too few', { type: 'f32s', value: [1] }],
  ['infinite', { type: 'f32s', value: SCORES.map(() => Number.POSITIVE_INFINITY) }],
] as const)('%s scores are refused', async (_, scores) => {
  await expect(tokenizerOf({ 'tokenizer.ggml.scores': scores })).rejects.toMatchObject({
    code: 'bad-model',
  });
});
