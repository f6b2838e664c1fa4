import { describe, expect, test } from 'vitest';
import { collidingWords } from '../../test/collisions.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { type GgufValue, StringArray } from '../gguf/values.ts';
import { encodeUtf8 } from '../text.ts';
import { EntryTable } from './entry-table.ts';
import { createTokenizer } from './tokenizer.ts';

const NORMAL = 1;
const CONTROL = 3;
const LITERAL = 4;
const BYTE = 6;

/** A header of nothing but a tokenizer. */
function headerOf(metadata: Readonly<Record<string, GgufValue>>): GgufHeader {
  return {
    version: 3,
    metadata: new Map(Object.entries({ 'tokenizer.ggml.model': 'gpt2', ...metadata })),
    tensors: [],
    dataOffset: 0,
    fileSize: 0,
    alignment: 32,
  };
}

function stringArray(texts: readonly string[]): StringArray {
  const parts = texts.map(encodeUtf8);
  let end = 0;
  const ends = Uint32Array.from(parts, (part) => {
    end += part.length;
    return end;
  });
  return new StringArray(new Uint8Array(Buffer.concat(parts)), ends);
}

/** Entries, each with its type. */
function vocabulary(...entries: (readonly [text: string, type: number])[]) {
  return {
    'tokenizer.ggml.tokens': stringArray(entries.map(([text]) => text)),
    'tokenizer.ggml.token_type': Int32Array.from(entries, ([, type]) => type),
  };
}

function refused(metadata: Record<string, GgufValue>, named: string): void {
  const message = expect.stringContaining(named);
  expect(() => createTokenizer(headerOf(metadata))).toThrow(
    expect.objectContaining({ code: 'bad-model', message }),
  );
}

describe('vocabularies made to stall', () => {
  test('entries that collide are refused soon', () => {
    const words = collidingWords(600);
    expect(new Set(words).size).toBe(words.length);
    refused({ 'tokenizer.ggml.tokens': stringArray(words) }, 'collide in the tables');
    const scores = new Float32Array(words.length);
    refused(
      {
        'tokenizer.ggml.model': 'llama',
        'tokenizer.ggml.tokens': stringArray(words),
        'tokenizer.ggml.scores': scores,
      },
      'collide in the tables',
    );
    // Most of it goes into finding such words.
  }, 60_000);

  test('a table of entries that do not collide is filled and asked', () => {
    const words = Array.from({ length: 100_000 }, (_, i) => encodeUtf8(`word ${i}`));
    const bytes = words.reduce((sum, word) => sum + word.length, 0);
    const table = new EntryTable(words.length, bytes);
    for (const word of words) table.add(word, word.length, true);
    const found = words.map((word) => table.find(word, 0, word.length));
    expect(found).toEqual(words.map((_, id) => id));
  });

  test('tokens that are long', () => {
    refused(vocabulary(['a', NORMAL], ['x'.repeat(1025), NORMAL]), 'Token 1 is 1025 bytes long');
    refused(vocabulary(['a', NORMAL], ['x'.repeat(129), CONTROL]), 'is 129 characters long');
    refused(vocabulary(['a', NORMAL], ['x'.repeat(999), LITERAL]), 'is 999 characters long');
  });

  test('entries that are many', () => {
    const many = new StringArray(new Uint8Array(0), new Uint32Array(2 ** 19 + 1));
    refused({ 'tokenizer.ggml.tokens': many }, 'has 524289 entries; at most 524288 are read');
  });

  test('special tokens that are many', () => {
    const many = Array.from({ length: 65_537 }, (_, i) => [`<${i}>`, CONTROL] as const);
    refused(vocabulary(...many), '65537 control and user-defined tokens');
  });
});

describe('vocabularies that contradict themselves', () => {
  const words = vocabulary(['a', NORMAL], ['Ġend', NORMAL], ['<0x0A>', BYTE], ['<end>', CONTROL]);
  const id = (name: string, value: number) => ({
    ...words,
    [`tokenizer.ggml.${name}_token_id`]: value,
  });

  test.each<[string, Record<string, GgufValue>, string]>([
    ['an EOS that is a word', id('eos', 1), '"Ġend", plain text; expected a control token'],
    ['a BOS that is a letter', id('bos', 0), '"a", plain text'],
    ['an EOT that is a byte', id('eot', 2), '"<0x0A>", a byte'],
    ['an unknown type of token', vocabulary(['a', 7]), 'token 0 has the type 7'],
    ['a BOS to add, and none', { ...words, 'tokenizer.ggml.add_bos_token': true }, 'is absent'],
    ['an EOS to add, and none', { ...words, 'tokenizer.ggml.add_eos_token': true }, 'is absent'],
  ])('%s', (_, metadata, named) => {
    refused(metadata, named.charAt(0) === 't' ? `T${named.slice(1)}` : named);
  });

  test('a special token that only its converter calls text is taken', () => {
    const named = vocabulary(['a', NORMAL], ['<|end|>', NORMAL], ['[STOP]', NORMAL]);
    for (const eos of [1, 2]) {
      const { stopIds } = createTokenizer(
        headerOf({ ...named, 'tokenizer.ggml.eos_token_id': eos }),
      );
      expect([...stopIds]).toEqual([eos]);
    }
  });

  test.each<[string, readonly string[]]>([
    ['a byte twice', ['<0x41>', '<0x41>']],
    ['a byte by another name', ['<0x41>', 'A']],
  ])('%s', (_, [first, second]) => {
    refused(
      {
        'tokenizer.ggml.model': 'llama',
        ...vocabulary([first!, BYTE], [second!, BYTE]),
        'tokenizer.ggml.scores': new Float32Array(2),
      },
      'Token 1 is a byte and written',
    );
  });

  test('ids of a line of models outside its control tokens', () => {
    const entries = Array.from({ length: 128_256 }, (_, i) => `<${i}>`);
    const llama3 = { 'tokenizer.ggml.tokens': stringArray(entries) };
    refused({ ...llama3, 'tokenizer.ggml.eos_token_id': 2 }, 'control tokens begin at 128000');
    const right = { ...llama3, 'tokenizer.ggml.eos_token_id': 128_009 };
    expect(createTokenizer(headerOf(right)).specials.eos).toBe(128_009);
  });
});
