// Files that contradict themselves or hold what is not run, and what must be said of each.
import type { ErrorCode } from '@pocketbit/core';
import { type TypedValue, Writer } from '../../packages/core/test/gguf-writer.ts';
import { familyFile } from './families.ts';
import { SMALL_MODELS } from './published.ts';
import { ggufParts, type RandomFile } from './random.ts';

export interface Contradiction {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: ErrorCode;
  /** What the message names: what was found or what was expected. */
  readonly says: RegExp;
}

type Change = (file: RandomFile) => RandomFile;

const [base] = SMALL_MODELS;
const QWEN3 = SMALL_MODELS.find(({ arch }) => arch === 'qwen3')!;

const count = (value: number): TypedValue => ({ type: 'u32', value });

function fileOf(change: Change, model = base!): Uint8Array {
  return new Uint8Array(Buffer.concat([...ggufParts(change(familyFile(model, 1)))]));
}

/** Sets entries of metadata; null takes one away. */
const metadata =
  (values: Record<string, TypedValue | null>): Change =>
  (file) => {
    const changed = new Map(file.metadata);
    for (const [key, value] of Object.entries(values)) {
      if (value === null) changed.delete(key);
      else changed.set(key, value);
    }
    return { ...file, metadata: changed };
  };

const tensor =
  (name: string, change: Partial<RandomFile['tensors'][number]>): Change =>
  (file) => ({
    ...file,
    tensors: file.tensors.map((t) => (t.name === name ? { ...t, ...change } : t)),
  });

/** A header whose tensors start at the offsets given, each of 64 f32. */
function placed(...offsets: number[]): Uint8Array {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(offsets.length).u64(0);
  offsets.forEach((offset, i) => {
    writer.string(`t${i}`).u32(1).u64(64).u32(0).u64(offset);
  });
  return writer.pad(32).raw(new Uint8Array(1024)).bytes();
}

/** A header of one metadata entry, written by hand as often as `times` says. */
function entry(times: number, write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(times);
  for (let i = 0; i < times; i++) write(writer);
  return writer.pad(64).bytes();
}

const Q = 'blk.0.attn_q.weight';

/** Every one, made anew. */
export function contradictions(): Contradiction[] {
  const bad = (name: string, bytes: Uint8Array, says: RegExp): Contradiction => ({
    name,
    bytes,
    code: 'bad-model',
    says,
  });
  const refused = (name: string, bytes: Uint8Array, says: RegExp): Contradiction => ({
    ...bad(name, bytes, says),
    code: 'unsupported',
  });
  const tokens = Array.from({ length: 151_669 }, (_, i) => `t${i}`);
  return [
    bad(
      'RoPE base against the vocabulary',
      fileOf(
        metadata({
          'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
          'qwen3.rope.freq_base': { type: 'f32', value: 10_000 },
        }),
        QWEN3,
      ),
      /is 10000, .*1000000 or more/,
    ),
    bad(
      'EOS against the vocabulary',
      fileOf(
        metadata({
          'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
          'tokenizer.ggml.token_type': null,
          'tokenizer.ggml.eos_token_id': count(2),
          'qwen3.vocab_size': null,
        }),
        { ...QWEN3, vocab: tokens.length, ropeBase: 1e6 },
      ),
      /eos_token_id" is 2, .*control tokens begin at 151643/,
    ),
    bad(
      'a BOS that is a byte pair',
      fileOf(metadata({ 'tokenizer.ggml.bos_token_id': count(70) })),
      /bos_token_id" is 70, which the vocabulary has as .* plain text/,
    ),
    bad(
      'YaRN of more than the context',
      fileOf(
        metadata({ 'qwen3.rope.scaling.original_context_length': count(QWEN3.context + 1) }),
        QWEN3,
      ),
      /original_context_length" is \d+, and "qwen3\.context_length" is \d+: YaRN by 4/,
    ),
    bad(
      'RoPE of more than a head',
      fileOf(metadata({ 'bitnet.rope.dimension_count': count(66) })),
      /rope\.dimension_count" is 66; expected a whole number from 2 to 64/,
    ),
    bad(
      'a head that no RoPE turns whole',
      fileOf(metadata({ 'bitnet.rope.dimension_count': count(63) })),
      /turns 63 dimensions; expected an even number/,
    ),
    bad(
      'a key twice',
      entry(2, (writer) => writer.string('k').u32(4).u32(1)),
      /"k" occurs twice/,
    ),
    bad(
      'a string that is not UTF-8',
      entry(1, (writer) => writer.string('k').u32(8).u64(2).raw([0xc3, 0x28])),
      /"k" is not valid UTF-8/,
    ),
    bad('an offset past 2^53', placed(0, 2 ** 60), /starts at byte \d+; expected one below 2\^53/),
    bad(
      'head count against the shapes',
      fileOf(metadata({ 'bitnet.attention.head_count': count(2) })),
      /has the shape \[256\]; the metadata asks for \[128\]/,
    ),
    bad(
      'KV head count against the shapes',
      fileOf(metadata({ 'bitnet.attention.head_count_kv': count(4) })),
      /attn_k\.weight" has the shape \[256,128\]; .*\[256,256\]/,
    ),
    bad(
      'vocab_size against the embedding',
      fileOf(metadata({ 'bitnet.vocab_size': count(511) })),
      /512 rows, .* says 511/,
    ),
    bad(
      'more tokens than rows',
      fileOf((file) =>
        tensor('token_embd.weight', { shape: [256, 511] })(
          metadata({ 'bitnet.vocab_size': null })(file),
        ),
      ),
      /512 entries, and the embedding only 511/,
    ),
    bad(
      'an EOS outside the vocabulary',
      fileOf(metadata({ 'tokenizer.ggml.eos_token_id': count(512) })),
      /eos_token_id" is 512; expected .* 0 to 511/,
    ),
    bad(
      'a BOS outside the vocabulary',
      fileOf(metadata({ 'tokenizer.ggml.bos_token_id': count(70_000) })),
      /bos_token_id" is 70000/,
    ),
    bad(
      'a tensor twice',
      fileOf((file) => ({ ...file, tensors: [...file.tensors, file.tensors[3]!] })),
      /Two tensors are named/,
    ),
    bad('overlapping tensors', placed(0, 128), /starts at byte \d+, inside "t0"/),
    bad('an unaligned tensor', placed(0, 264), /starts at 264, not a multiple of the alignment 32/),
    bad(
      'a layer count against the tensors',
      fileOf(metadata({ 'bitnet.block_count': count(3) })),
      /blk\.2\..* is missing/,
    ),
    bad('one shard of three', fileOf(metadata({ 'split.count': count(3) })), /one shard of 3/),
    bad('TL1', fileOf(tensor(Q, { type: 38 })), /TL1.*tile sizes/),
    bad('TL2', fileOf(tensor(Q, { type: 39 })), /TL2/),
    bad('PQ2_0', fileOf(tensor(Q, { type: 142 })), /PQ2_0.*PrismML/),
    bad('PTQ1_0', fileOf(tensor(Q, { type: 143 })), /PTQ1_0.*PrismML/),
    bad(
      'Hadamard-rotated weights',
      fileOf(metadata({ 'prism.hadamard.size': count(128) })),
      /Hadamard/,
    ),
    refused(
      'another architecture',
      fileOf(metadata({ 'general.architecture': { type: 'string', value: 'gemma' } })),
      /"gemma".*expected one of/,
    ),
  ];
}
