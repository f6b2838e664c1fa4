import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteVocabulary, type TinyOptions, tinyModel } from '../../test/tiny-model.ts';
import { PocketbitError } from '../errors.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { encodeUtf8 } from '../text.ts';
import { byteCharacters, unmapEntry } from './byte-map.ts';
import { createTokenizer } from './tokenizer.ts';

async function tokenizerOf(metadata: TinyOptions['metadata'] = {}) {
  return createTokenizer(await readGguf(bytesSource(tinyModel({ metadata }))));
}

async function refusal(metadata: TinyOptions['metadata']): Promise<PocketbitError> {
  const error = await tokenizerOf(metadata).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PocketbitError);
  return error as PocketbitError;
}

const { tokens, merges, types } = byteVocabulary();
const idOf = (entry: string) => tokens.indexOf(entry);
const strings = (value: string[]) => ({ type: 'strings', value }) as const;

test('the byte map has every byte once', () => {
  const characters = byteCharacters();
  expect(new Set(characters).size).toBe(256);
  const unmapped = (entry: string) => {
    const out = new Uint8Array(8);
    const utf8 = encodeUtf8(entry);
    const length = unmapEntry(utf8, 0, utf8.length, out);
    return length < 0 ? undefined : [...out.subarray(0, length)];
  };
  characters.forEach((character, byte) => {
    expect(unmapped(character)).toEqual([byte]);
  });
  expect(unmapped('Ġa')).toEqual([32, 97]);
  for (const foreign of ['日', ' ', 'ńſ', '🦊']) expect(unmapped(foreign)).toBeUndefined();
});

describe('encode', () => {
  test('merges by rank', async () => {
    const tokenizer = await tokenizerOf();
    expect(tokenizer.encode('hello the')).toEqual([idOf('hello'), idOf('Ġthe')]);
    expect(tokenizer.encode('hell o')).toEqual([idOf('hell'), idOf('Ġ'), idOf('o')]);
    expect(tokenizer.encode('')).toEqual([]);
  });

  test('reads control tokens only when asked', async () => {
    const tokenizer = await tokenizerOf();
    const text = 'a<|im_end|>b';
    expect(tokenizer.encode(text)).not.toContain(idOf('<|im_end|>'));
    expect(tokenizer.encode(text, { parseSpecial: true })).toEqual([97, idOf('<|im_end|>'), 98]);
  });

  test('the longest special token wins, user-defined ones always', async () => {
    const tokenizer = await tokenizerOf({
      'tokenizer.ggml.tokens': strings([...tokens, '<a>', '<a><b>']),
      'tokenizer.ggml.token_type': { type: 'i32s', value: [...types, 4, 4] },
      'bitnet.vocab_size': null,
    }).catch((error) => error);
    expect(tokenizer).toMatchObject({ code: 'bad-model' });
    const kept = tokens.slice();
    kept.splice(idOf('Ġth'), 2, '<a>', '<a><b>');
    const keptTypes = types.slice();
    keptTypes.splice(idOf('Ġth'), 2, 4, 4);
    const literal = await tokenizerOf({
      'tokenizer.ggml.tokens': strings(kept),
      'tokenizer.ggml.token_type': { type: 'i32s', value: keptTypes },
    });
    expect(literal.encode('x<a><b><a>')).toEqual([120, idOf('Ġth') + 1, idOf('Ġth')]);
    expect(literal.decode([idOf('Ġth') + 1])).toBe('<a><b>');
  });

  test('BOS and EOS come by the flags of the file', async () => {
    const tokenizer = await tokenizerOf({
      'tokenizer.ggml.bos_token_id': { type: 'u32', value: 263 },
      'tokenizer.ggml.add_bos_token': { type: 'bool', value: true },
      'tokenizer.ggml.add_eos_token': { type: 'bool', value: true },
    });
    expect(tokenizer.encode('a')).toEqual([263, 97, 263]);
    expect(tokenizer.encode('a', { addSpecial: false })).toEqual([97]);
  });
});

describe('pre-tokenizers cut as their regular expressions say', () => {
  // With one merge "1 2", numbers show where the cut lies; with "Ġ a", spaces do.
  const cut = (pre: string) =>
    tokenizerOf({ 'tokenizer.ggml.pre': { type: 'string', value: pre } });
  test.each([
    ['gpt-2', "hello's", ['hello', "'", 's']],
    ['llama-bpe', '  the', ['Ġ', 'Ġthe']],
    ['qwen2', 'hello\n\nthe', ['hello', 'Ċ', 'Ċ', 't', 'he']],
    ['default', 'hello!the', ['hello', '!', 't', 'he']],
  ])('%s: %j', async (pre, text, expected) => {
    const tokenizer = await cut(pre);
    expect(tokenizer.encode(text).map((id) => tokenizer.tokenText(id))).toEqual(expected);
  });
});

describe('decode', () => {
  test('is the inverse of encode on any text', async () => {
    for (const pre of ['gpt-2', 'default', 'llama-bpe', 'qwen2']) {
      const tokenizer = await tokenizerOf({ 'tokenizer.ggml.pre': { type: 'string', value: pre } });
      const text = fc.string({ unit: 'binary', maxLength: 40 });
      fc.assert(
        fc.property(text, (s) => {
          const whole = s.toWellFormed();
          const options = { addSpecial: false };
          expect(tokenizer.decode(tokenizer.encode(whole, options))).toBe(whole);
        }),
        { numRuns: 300, seed: 11 },
      );
    }
  });

  test('control tokens have no text', async () => {
    const tokenizer = await tokenizerOf();
    expect(tokenizer.decode([97, idOf('<|im_end|>'), 98])).toBe('ab');
    expect(tokenizer.tokenText(idOf('<|im_end|>'))).toBe('<|im_end|>');
  });

  test.each([-1, 266, 1.5, Number.NaN])('id %d is refused', async (id) => {
    const tokenizer = await tokenizerOf();
    expect(() => tokenizer.tokenBytes(id)).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });
});

describe('stream', () => {
  test('gives whole characters only and the same text as decode', async () => {
    const tokenizer = await tokenizerOf();
    const ids = fc.array(fc.integer({ min: 0, max: 265 }), { maxLength: 60 });
    fc.assert(
      fc.property(ids, (some) => {
        const decoder = tokenizer.stream();
        const parts = some.map((id) => decoder.push(id));
        parts.push(decoder.flush());
        expect(parts.join('')).toBe(tokenizer.decode(some));
        for (const part of parts) expect(part.isWellFormed()).toBe(true);
      }),
      { numRuns: 300, seed: 12 },
    );
    const fox = tokenizer.encode('🦊');
    const decoder = tokenizer.stream();
    expect(fox.map((id) => decoder.push(id))).toEqual(['', '', '', '🦊']);
  });

  test('a character never finished ends as U+FFFD', async () => {
    const decoder = (await tokenizerOf()).stream();
    expect(decoder.push(0xf0)).toBe('');
    expect(decoder.push(97)).toBe('\ufffda');
    expect(decoder.push(0xc3)).toBe('');
    expect(decoder.flush()).toBe('\ufffd');
  });
});

test('stop ids are EOS and the turn ends of the vocabulary', async () => {
  const tokenizer = await tokenizerOf();
  expect([...tokenizer.stopIds].sort()).toEqual([idOf('<|endoftext|>'), idOf('<|im_end|>')]);
});

test('a byte without a token is told, not dropped', async () => {
  const kept = tokens.slice();
  kept[0xf0] = 'no byte';
  const tokenizer = await tokenizerOf({ 'tokenizer.ggml.tokens': strings(kept) });
  expect(tokenizer.encode('hello')).toEqual([idOf('hello')]);
  expect(() => tokenizer.encode('a 🦊')).toThrow('no token for a byte of " 🦊"');
});

test('an entry named like an object property is an entry', async () => {
  const kept = tokens.slice();
  kept[idOf('Ġthe')] = '__proto__';
  const tokenizer = await tokenizerOf({
    'tokenizer.ggml.tokens': strings(kept),
    'tokenizer.ggml.merges': strings([...merges.slice(0, 4), '__proto_ _']),
  });
  expect(tokenizer.tokenText(idOf('Ġthe'))).toBe('__proto__');
});

describe('what is refused', () => {
  test.each<[string, TinyOptions['metadata'], string, string]>([
    ['no tokenizer', { 'tokenizer.ggml.model': null }, 'bad-model', 'no tokenizer'],
    [
      'SentencePiece without scores',
      { 'tokenizer.ggml.model': { type: 'string', value: 'llama' } },
      'bad-model',
      'tokenizer.ggml.scores',
    ],
    [
      'another tokenizer',
      { 'tokenizer.ggml.model': { type: 'string', value: 'bert' } },
      'unsupported',
      '"bert"',
    ],
    [
      'an unknown pre-tokenizer',
      { 'tokenizer.ggml.pre': { type: 'string', value: 'chameleon' } },
      'unsupported',
      'chameleon',
    ],
    ['no entries', { 'tokenizer.ggml.tokens': null }, 'bad-model', 'tokenizer.ggml.tokens'],
    ['a merge of one part', { 'tokenizer.ggml.merges': strings(['ab']) }, 'bad-model', '"ab"'],
    [
      'a merge of three parts',
      { 'tokenizer.ggml.merges': strings(['a b c']) },
      'bad-model',
      '"a b c"',
    ],
    [
      'token types of another length',
      { 'tokenizer.ggml.token_type': { type: 'i32s', value: [1] } },
      'bad-model',
      '1 token types',
    ],
    [
      'an EOS outside',
      { 'tokenizer.ggml.eos_token_id': { type: 'u32', value: 266 } },
      'bad-model',
      '0 to 265',
    ],
    [
      'entries of the wrong type',
      { 'tokenizer.ggml.tokens': { type: 'u32', value: 1 } },
      'bad-model',
      'array of strings',
    ],
  ])('%s', async (_, metadata, code, named) => {
    const error = await refusal(metadata);
    expect(error.message).toContain(named);
    expect(error.code).toBe(code);
  });
});
