// Headers as large as their limits allow, or larger: what the most memory and time goes into.
import { byteCharacters } from '../../src/tokenizer/byte-map.ts';
import { Writer } from '../gguf-writer.ts';
import { VirtualFile } from './virtual-file.ts';

/** Limits of gguf/limits.ts, written again: a test that read them would follow a mistake. */
const ELEMENTS = 2 ** 20;
const STRING_BYTES = 2 ** 20;
const ENTRIES = 4096;
const KEY_BYTES = 1024;
const TENSORS = 16_384;

interface Large {
  readonly name: string;
  make(): VirtualFile;
  /** Whether it is a whole tokenizer, which takes a second to write. */
  readonly tokenizer?: boolean;
}

/** A file of `entries` metadata entries and nothing else. */
function metadataFile(
  entries: number,
  write: (writer: Writer, index: number) => void,
): VirtualFile {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(entries);
  for (let i = 0; i < entries; i++) write(writer, i);
  return new VirtualFile(writer.bytes(), writer.length + 4096);
}

const strings = (writer: Writer, key: string, count: number) =>
  writer.string(key).u32(9).u32(8).u64(count);

/** Every one. */
export const LARGE_HEADERS: readonly Large[] = [
  {
    name: 'arrays of a million empty strings',
    make: () =>
      metadataFile(3, (writer, i) => {
        strings(writer, `k${i}`, ELEMENTS).raw(new Uint8Array(8 * ELEMENTS));
      }),
  },
  {
    name: 'arrays of a million 64-bit numbers',
    make: () =>
      metadataFile(4, (writer, i) => {
        writer
          .string(`k${i}`)
          .u32(9)
          .u32(10)
          .u64(ELEMENTS)
          .raw(new Uint8Array(8 * ELEMENTS));
      }),
  },
  {
    name: 'long strings of wide characters',
    make: () =>
      metadataFile(30, (writer, i) => {
        writer
          .string(`k${i}`)
          .u32(8)
          .u64(STRING_BYTES)
          .raw(Buffer.from('é'.padEnd(STRING_BYTES - 1)));
      }),
  },
  {
    name: 'an array that grows by long strings',
    make: () =>
      metadataFile(1, (writer) => {
        strings(writer, 'k', 30);
        for (let i = 0; i < 30; i++)
          writer.u64(STRING_BYTES - 8).raw(new Uint8Array(STRING_BYTES - 8));
      }),
  },
  {
    name: 'long keys',
    make: () =>
      metadataFile(ENTRIES, (writer, i) => {
        writer.string(String(i).padEnd(KEY_BYTES, 'k')).u32(0).raw([0]);
      }),
  },
  {
    name: 'tensors',
    make: () => {
      const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(TENSORS).u64(0);
      for (let i = 0; i < TENSORS; i++) {
        writer.string(String(i).padEnd(64, 't')).u32(4).u64(32).u64(1).u64(1).u64(1);
        writer.u32(0).u64(128 * i);
      }
      return new VirtualFile(writer.bytes(), writer.length + 128 * TENSORS + 32);
    },
  },
  {
    name: 'an embedded tokenizer.json',
    make: () => {
      const start = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(2);
      start
        .string('tokenizer.huggingface.json')
        .u32(8)
        .u64(60 * 2 ** 20);
      return new VirtualFile(start.bytes(), 2 ** 30, 'ones');
    },
  },
  ...(['zeros', 'ones', 'header'] as const).map((fill) => ({
    name: `an endless array of strings over ${fill}`,
    make: () => {
      const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(1).u64(1);
      return new VirtualFile(strings(writer, 'k', ELEMENTS).bytes(), 2 ** 40, fill);
    },
  })),
  {
    name: 'the largest vocabulary of byte pairs',
    make: () => vocabularyFile('gpt2'),
    tokenizer: true,
  },
  {
    name: 'the largest vocabulary of pieces',
    make: () => vocabularyFile('llama'),
    tokenizer: true,
  },
];

/** Every word of up to three of these letters is an entry: 518,480, nearly as many as there may be. */
const LETTERS = byteCharacters().slice(0x21, 0x21 + 80);

function words(length: number): string[] {
  if (length === 0) return [''];
  return words(length - 1).flatMap((word) => LETTERS.map((letter) => word + letter));
}

/** The merges that can be: of byte pairs twice as many as entries, each of which applies. */
function merges(): string[] {
  const pairs = words(2).map(([a, b]) => `${a} ${b}`);
  return [...pairs, ...words(3).flatMap(([a, b, c]) => [`${a} ${b}${c}`, `${a}${b} ${c}`])];
}

function vocabularyFile(model: 'gpt2' | 'llama'): VirtualFile {
  const entries = [1, 2, 3].flatMap(words);
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(4);
  writer.string('tokenizer.ggml.model').u32(8).string(model);
  writer.string('tokenizer.ggml.unknown_token_id').u32(4).u32(0);
  writeStrings(writer, 'tokenizer.ggml.tokens', entries);
  if (model === 'gpt2') writeStrings(writer, 'tokenizer.ggml.merges', merges());
  else writeScores(writer, entries.length);
  return new VirtualFile(writer.bytes(), writer.length + 4096);
}

function writeStrings(writer: Writer, key: string, texts: readonly string[]): void {
  strings(writer, key, texts.length);
  for (const text of texts) writer.string(text);
}

function writeScores(writer: Writer, count: number): void {
  writer.string('tokenizer.ggml.scores').u32(9).u32(6).u64(count);
  for (let i = 0; i < count; i++) writer.f32(Math.sin(i));
}
