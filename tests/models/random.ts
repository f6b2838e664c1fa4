// Random-weight ternary models of any shape: real structure and a valid tokenizer, nothing learnt. The same seed
// writes the same bytes everywhere.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TypedValue, Writer } from '../../packages/core/test/gguf-writer.ts';
import { modelCache } from '../support/paths.ts';
import { f32Bytes, halfBits, halfTable, randomBytes, type Word, words } from './fill.ts';
import { vocabulary } from './vocabulary.ts';

export interface Shape {
  readonly name: string;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly ffn: number;
  /** At least 256, one entry for each byte. */
  readonly vocab: number;
  readonly context: number;
  readonly embedding: 'F16' | 'Q8_0';
}

/** Small enough to write, serve and load within a test. */
export const TINY: Shape = {
  name: 'random-tiny',
  dim: 256,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  ffn: 512,
  vocab: 320,
  context: 256,
  embedding: 'F16',
};

/** The shape of GPT-2 small with a gated feed-forward: 123.5 M weights, 38.6 M of them in the tied embedding. */
export const SHAPE_125M: Shape = {
  name: 'random-125m',
  dim: 768,
  layers: 12,
  heads: 12,
  kvHeads: 12,
  ffn: 2048,
  vocab: 50257,
  context: 2048,
  embedding: 'Q8_0',
};

/** A tensor to write: its bytes come in parts, so that large ones never exist whole. */
export interface RandomTensor {
  readonly name: string;
  /** GGUF order: row length first. */
  readonly shape: readonly number[];
  /** GGUF type id. */
  readonly type: number;
  readonly parts: () => Iterable<Uint8Array>;
  readonly bytes: number;
}

export interface RandomFile {
  readonly metadata: Map<string, TypedValue>;
  readonly tensors: RandomTensor[];
}

const ALIGNMENT = 32;
const TYPE = { F32: 0, F16: 1, Q8_0: 8, TQ2_0: 35 } as const;
/** Elements and bytes of a block. */
const BLOCK = { F32: [1, 4], F16: [1, 2], Q8_0: [32, 34], TQ2_0: [256, 66] } as const;
/** Standard deviation of the embedding: logits of a tied head then have one of about 0.05 · sqrt(dim). */
const EMBEDDING_STD = 0.05;

/** The file's contents, before anything is written. Change them to make a hostile variant. */
export function randomFile(shape: Shape, seed: number): RandomFile {
  const tensors = tensorNames(shape).map(({ name, dims, type }, index) => {
    const [block, bytes] = BLOCK[type];
    const elements = dims.reduce((a, b) => a * b, 1);
    const total = (elements / block) * bytes;
    const parts = () => fill(type, dims[0]!, total, words(seed * 4096 + index));
    return { name, shape: dims, type: TYPE[type], parts, bytes: total };
  });
  return { metadata: metadataOf(shape), tensors };
}

/** The bytes of a GGUF file, part by part. */
export function* ggufParts({ metadata, tensors }: RandomFile): Generator<Uint8Array> {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3);
  writer.u64(tensors.length).u64(metadata.size);
  for (const [key, value] of metadata) writer.string(key).value(value);
  let offset = 0;
  for (const tensor of tensors) {
    writer.string(tensor.name).u32(tensor.shape.length);
    for (const extent of tensor.shape) writer.u64(extent);
    writer.u32(tensor.type).u64(offset);
    offset += tensor.bytes + padding(tensor.bytes);
  }
  yield writer.pad(ALIGNMENT).bytes();
  for (const tensor of tensors) {
    yield* tensor.parts();
    yield new Uint8Array(padding(tensor.bytes));
  }
}

/** Path of the model file, written on first use into the cache that git ignores. */
export function cachedModel(shape: Shape, seed: number): string {
  const path = join(modelCache, `${shape.name}-${seed}.gguf`);
  if (!existsSync(path)) writeParts(path, ggufParts(randomFile(shape, seed)));
  return path;
}

/** Writes to a temporary name first, so that a broken run leaves no half file behind. */
export function writeParts(path: string, parts: Iterable<Uint8Array>): void {
  mkdirSync(modelCache, { recursive: true });
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w');
  for (const part of parts) writeSync(file, part);
  closeSync(file);
  renameSync(draft, path);
}

function padding(bytes: number): number {
  return (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT;
}

interface Named {
  name: string;
  dims: number[];
  type: keyof typeof TYPE;
}

function tensorNames({ dim, ffn, vocab, layers, heads, kvHeads, embedding }: Shape): Named[] {
  const kv = (dim / heads) * kvHeads;
  const norm = (name: string, k: number): Named => ({
    name: `${name}.weight`,
    dims: [k],
    type: 'F32',
  });
  const linear = (name: string, k: number, rows: number): Named => ({
    name: `${name}.weight`,
    dims: [k, rows],
    type: 'TQ2_0',
  });
  const layer = (at: string) => [
    norm(`${at}.attn_norm`, dim),
    linear(`${at}.attn_q`, dim, dim),
    linear(`${at}.attn_k`, dim, kv),
    linear(`${at}.attn_v`, dim, kv),
    norm(`${at}.attn_sub_norm`, dim),
    linear(`${at}.attn_output`, dim, dim),
    norm(`${at}.ffn_norm`, dim),
    linear(`${at}.ffn_gate`, dim, ffn),
    linear(`${at}.ffn_up`, dim, ffn),
    norm(`${at}.ffn_sub_norm`, ffn),
    linear(`${at}.ffn_down`, ffn, dim),
  ];
  return [
    { name: 'token_embd.weight', dims: [dim, vocab], type: embedding },
    norm('output_norm', dim),
    ...Array.from({ length: layers }, (_, i) => layer(`blk.${i}`)).flat(),
  ];
}

function metadataOf(shape: Shape): RandomFile['metadata'] {
  const { tokens, merges } = vocabulary(shape.vocab);
  const u32 = (value: number) => ({ type: 'u32' as const, value });
  const text = (value: string) => ({ type: 'string' as const, value });
  return new Map<string, TypedValue>([
    ['general.architecture', text('bitnet')],
    ['general.name', text(shape.name)],
    ['bitnet.context_length', u32(shape.context)],
    ['bitnet.embedding_length', u32(shape.dim)],
    ['bitnet.block_count', u32(shape.layers)],
    ['bitnet.feed_forward_length', u32(shape.ffn)],
    ['bitnet.attention.head_count', u32(shape.heads)],
    ['bitnet.attention.head_count_kv', u32(shape.kvHeads)],
    ['bitnet.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: tokens.map(() => 1) }],
    ['tokenizer.ggml.merges', { type: 'strings', value: merges }],
  ]);
}

/** At most this many bytes exist at a time; a multiple of every block. */
const PART_BYTES = 66 * 34 * 512;

function* fill(
  type: keyof typeof TYPE,
  k: number,
  total: number,
  next: Word,
): Generator<Uint8Array> {
  for (let left = total; left > 0; left -= PART_BYTES) {
    yield fillPart(type, k, Math.min(left, PART_BYTES), next);
  }
}

function fillPart(type: keyof typeof TYPE, k: number, bytes: number, next: Word): Uint8Array {
  switch (type) {
    case 'F32':
      return f32Bytes(bytes / 4, 1);
    case 'F16':
      return halves(bytes, next);
    case 'Q8_0':
      return scaled(randomBytes(bytes, next, 127), 34, 0, halfBits(EMBEDDING_STD / 73));
    case 'TQ2_0':
      // Two thirds of the codes are not zero, so this scale keeps the size of what goes through.
      return scaled(ternary(bytes, next), 66, 64, halfBits(1 / Math.sqrt((k * 2) / 3)));
  }
}

const HALVES = halfTable(256, EMBEDDING_STD);

function halves(bytes: number, next: Word): Uint8Array {
  const out = new Uint16Array(bytes / 2);
  for (let i = 0; i < out.length; i++) out[i] = HALVES[next() & 255]!;
  return new Uint8Array(out.buffer);
}

/** Every byte of four ternary codes, 0 to 2. */
const QUADS = Uint8Array.from({ length: 81 }, (_, i) => {
  const [a, b, c, d] = [i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9) % 3, Math.floor(i / 27)];
  return a! | (b! << 2) | (c! << 4) | (d! << 6);
});

function ternary(bytes: number, next: Word): Uint8Array {
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = QUADS[next() % 81]!;
  return out;
}

/** Puts the same f16 scale into every block. */
function scaled(out: Uint8Array, block: number, at: number, half: number): Uint8Array {
  for (let i = at; i < out.length; i += block) {
    out[i] = half & 255;
    out[i + 1] = half >> 8;
  }
  return out;
}
