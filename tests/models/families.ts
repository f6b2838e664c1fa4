// Files of every family the runtime knows, in the layout, names and metadata of the published ones, with drawn weights.
// The same seed writes the same bytes everywhere; weights come in parts, so that large files never exist whole.
import type { TypedValue } from '../../packages/core/test/gguf-writer.ts';
import { ENCODINGS, type Encoding, type EncodingName, encodeCodes } from './encode.ts';
import { f32Bytes, halfBits, halfTable, randomBytes, type Word, words } from './fill.ts';
import type { RandomFile, RandomTensor } from './random.ts';
import { type TokenizerFamily, tokenizerMetadata } from './tokenizers.ts';

/** Types of linears, embedding and head; F16 and Q8_0 values are drawn from a bell, not from codes. */
export type TensorTypeName = EncodingName | 'Q6_K' | 'F32';

export interface FamilyModel {
  readonly name: string;
  readonly arch: 'bitnet' | 'bitnet-b1.58' | 'llama' | 'qwen3' | 'minicpm';
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly context: number;
  readonly ropeBase: number;
  readonly tokenizer: TokenizerFamily;
  readonly linear: EncodingName;
  readonly embedding: TensorTypeName;
  /** Absent where the embedding is the head. */
  readonly output?: TensorTypeName;
  /** Further metadata, the keys without the architecture's name before them. */
  readonly metadata?: Readonly<Record<string, TypedValue>>;
  /** Whether `rope_freqs.weight` stands in the file, as in Llama 3.1. */
  readonly ropeFrequencies?: boolean;
  /** Q2_0 may use its fourth code and a scale per block, and Q1_0 a scale per block; else one scale. */
  readonly blockScales?: boolean;
  /** Repeats a drawn part over each tensor: a file of a gigabyte is then written at the disk's speed. */
  readonly tiled?: boolean;
  /** 1: the linears are W1A1, each with its thresholds; `linear` is Q1_0. */
  readonly activationBits?: 1;
  /** Whether the rows of the 256 byte tokens are zero, so that greedy text is letters alone. */
  readonly silentBytes?: boolean;
}

type MatrixRole = 'linear' | 'embedding';
type VectorRole = 'norm' | 'frequencies' | 'thresholds';

interface TensorPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: MatrixRole | VectorRole;
  readonly type: TensorTypeName;
}

/** 2 / √256: logits of the small models have a deviation of about 2. */
const EMBEDDING_STD = 0.125;

/** The file of a model, before anything is written. */
export function familyFile(model: FamilyModel, seed: number): RandomFile {
  const tensors = tensorPlans(model).map((plan, i) =>
    plan.role === 'linear' || plan.role === 'embedding'
      ? matrixTensor(plan, model, seed * 4096 + i)
      : vectorTensor(plan, words(seed * 4096 + i)),
  );
  return { metadata: metadataOf(model), tensors };
}

function metadataOf(model: FamilyModel): Map<string, TypedValue> {
  const { arch } = model;
  const count = (value: number): TypedValue => ({ type: 'u32', value });
  const real = (value: number): TypedValue => ({ type: 'f32', value });
  return new Map<string, TypedValue>([
    ['general.architecture', { type: 'string', value: arch }],
    ['general.name', { type: 'string', value: model.name }],
    [`${arch}.vocab_size`, count(model.vocab)],
    [`${arch}.context_length`, count(model.context)],
    [`${arch}.embedding_length`, count(model.dim)],
    [`${arch}.block_count`, count(model.layers)],
    [`${arch}.feed_forward_length`, count(model.ffn)],
    [`${arch}.attention.head_count`, count(model.heads)],
    [`${arch}.attention.head_count_kv`, count(model.kvHeads)],
    [`${arch}.attention.key_length`, count(model.headDim)],
    [`${arch}.attention.value_length`, count(model.headDim)],
    [`${arch}.attention.layer_norm_rms_epsilon`, real(1e-5)],
    [`${arch}.rope.dimension_count`, count(model.headDim)],
    [`${arch}.rope.freq_base`, real(model.ropeBase)],
    ...Object.entries(model.metadata ?? {}).map(
      ([key, value]) => [`${arch}.${key}`, value] as const,
    ),
    ...(model.activationBits
      ? [['pocketbit.activation_bits', count(model.activationBits)] as const]
      : []),
    ...tokenizerMetadata(model.tokenizer, model.vocab),
  ]);
}

function tensorPlans(model: FamilyModel): TensorPlan[] {
  const { dim, vocab, headDim } = model;
  const table = (name: string, type: TensorTypeName): TensorPlan => ({
    name: `${name}.weight`,
    shape: [dim, vocab],
    role: 'embedding',
    type,
  });
  return [
    table('token_embd', model.embedding),
    norm('output_norm', dim),
    ...(model.output ? [table('output', model.output)] : []),
    ...(model.ropeFrequencies
      ? [{ ...norm('rope_freqs', headDim / 2), role: 'frequencies' as const }]
      : []),
    ...Array.from({ length: model.layers }, (_, i) => layerPlans(model, `blk.${i}`)).flat(),
  ];
}

function norm(name: string, k: number): TensorPlan {
  return { name: `${name}.weight`, shape: [k], role: 'norm', type: 'F32' };
}

function thresholds(name: string, k: number): TensorPlan {
  return { name: `${name}.act_threshold`, shape: [k], role: 'thresholds', type: 'F32' };
}

function layerPlans(model: FamilyModel, at: string): TensorPlan[] {
  const { dim, ffn, headDim } = model;
  const [q, kv] = [model.heads * headDim, model.kvHeads * headDim];
  const linear = (name: string, k: number, rows: number): TensorPlan[] => [
    { name: `${at}.${name}.weight`, shape: [k, rows], role: 'linear', type: model.linear },
    ...(model.activationBits ? [thresholds(`${at}.${name}`, k)] : []),
  ];
  const bitnet = model.arch.startsWith('bitnet');
  return [
    norm(`${at}.attn_norm`, dim),
    ...(model.arch === 'qwen3'
      ? [norm(`${at}.attn_q_norm`, headDim), norm(`${at}.attn_k_norm`, headDim)]
      : []),
    ...(bitnet ? [norm(`${at}.attn_sub_norm`, q), norm(`${at}.ffn_sub_norm`, ffn)] : []),
    ...linear('attn_q', dim, q),
    ...linear('attn_k', dim, kv),
    ...linear('attn_v', dim, kv),
    ...linear('attn_output', q, dim),
    norm(`${at}.ffn_norm`, dim),
    ...linear('ffn_gate', dim, ffn),
    ...linear('ffn_up', dim, ffn),
    ...linear('ffn_down', ffn, dim),
  ];
}

/** Values of the vectors; `at` runs from 0 to 1 along one. */
const VALUES: Readonly<Record<VectorRole, (next: Word, at: number) => number>> = {
  norm: (next) => 0.75 + (next() % 513) / 1024,
  frequencies: (_, at) => 1 + 7 * at,
  // A tenth of a normed activation's deviation to either side.
  thresholds: (next) => ((next() % 257) - 128) / 1280,
};

function vectorTensor({ name, shape, role }: TensorPlan, next: Word): RandomTensor {
  const k = shape[0]!;
  const draw = VALUES[role as VectorRole];
  const values = Float32Array.from({ length: k }, (_, i) => draw(next, i / k));
  return { name, shape, type: 0, bytes: k * 4, parts: () => [new Uint8Array(values.buffer)] };
}

function matrixTensor(plan: TensorPlan, model: FamilyModel, seed: number): RandomTensor {
  const { name, shape, type, role } = plan;
  const elements = shape[0]! * shape[1]!;
  const fill = fillOf(plan, model);
  const silent = role === 'embedding' && model.silentBytes ? (256 * shape[0]!) / fill.block : 0;
  const bytes = (elements / fill.block) * fill.bytes + fill.tail.length;
  const parts = function* (): Generator<Uint8Array> {
    const next = words(seed);
    let left = elements / fill.block - silent;
    let tile: Uint8Array | undefined;
    if (silent > 0) yield new Uint8Array(silent * fill.bytes);
    while (left > 0) {
      // A prime number of blocks, so that repeated parts do not make equal rows.
      const blocks = Math.min(left, TILE_BLOCKS);
      if (!tile || !model.tiled) tile = fill.part(blocks, next);
      yield tile.subarray(0, blocks * fill.bytes);
      left -= blocks;
    }
    yield fill.tail;
  };
  return { name, shape, type: typeId(type), parts, bytes };
}

const TILE_BLOCKS = 16_411;

function typeId(type: TensorTypeName): number {
  if (type === 'Q6_K') return 14;
  return type === 'F32' ? 0 : ENCODINGS[type].id;
}

/** How the blocks of a tensor are drawn. */
interface Fill {
  readonly block: number;
  readonly bytes: number;
  readonly tail: Uint8Array;
  part(blocks: number, next: Word): Uint8Array;
}

const NO_TAIL = new Uint8Array(0);

function fillOf({ role, type, shape }: TensorPlan, model: FamilyModel): Fill {
  if (type === 'Q6_K') return { block: 256, bytes: 210, tail: NO_TAIL, part: q6Blocks };
  if (type === 'F32') return { block: 1, bytes: 4, tail: NO_TAIL, part: (n) => f32Bytes(n, 0.05) };
  if (role === 'embedding' && type === 'F16') {
    return { block: 1, bytes: 2, tail: NO_TAIL, part: halves };
  }
  if (role === 'embedding' && type === 'Q8_0') {
    return { block: 32, bytes: 34, tail: NO_TAIL, part: q8Blocks };
  }
  const std = role === 'embedding' ? EMBEDDING_STD : 1 / Math.sqrt(shape[0]!);
  return codedFill(type, std, model.blockScales ?? false);
}

/** Blocks of codes of which each stands for one of two, three or four weights, their standard deviation `std`. */
function codedFill(type: EncodingName, std: number, blockScales: boolean): Fill {
  const { block, bytes, tail, write }: Encoding = ENCODINGS[type];
  const free = blockScales && (type === 'Q1_0' || type.startsWith('Q2_0'));
  const levels = type === 'Q1_0' ? 2 : free ? 4 : 3;
  // Mean square of the codes' weights: 1 of two, 2/3 of three, 3/2 of four.
  const scale = std / Math.sqrt(levels === 2 ? 1 : levels === 3 ? 2 / 3 : 1.5);
  const half = halfBits(scale);
  const part = (blocks: number, next: Word): Uint8Array => {
    const codes = drawn(new Uint8Array(blocks * block), () => next() % levels);
    if (!free) return encodeCodes(type, codes, half);
    const out = new Uint8Array(blocks * bytes);
    for (let i = 0; i < blocks; i++) {
      const own = halfBits(scale * (0.75 + (next() % 64) / 128));
      write(codes.subarray(i * block, (i + 1) * block), own, out, i * bytes);
    }
    return out;
  };
  return { block, bytes, tail: tail === 0 ? NO_TAIL : i2sTail(half, tail), part };
}

/** The f32 scale, then bytes without meaning. */
function i2sTail(half: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  const exponent = ((half >> 10) & 31) - 15;
  new DataView(out.buffer).setFloat32(0, (1 + (half & 1023) / 1024) * 2 ** exponent, true);
  return out;
}

const HALVES = halfTable(256, EMBEDDING_STD);

function halves(count: number, next: Word): Uint8Array {
  return new Uint8Array(drawn(new Uint16Array(count), () => HALVES[next() & 255]!).buffer);
}

function drawn<T extends Uint8Array | Uint16Array>(out: T, draw: () => number): T {
  for (let i = 0; i < out.length; i++) out[i] = draw();
  return out;
}

function q8Blocks(blocks: number, next: Word): Uint8Array {
  return scaled(randomBytes(blocks * 34, next, 127), 34, 0, halfBits(EMBEDDING_STD / 73));
}

/** Q6_K: six-bit values of standard deviation 18.5 times scales of at most 31. */
function q6Blocks(blocks: number, next: Word): Uint8Array {
  const out = drawn(new Uint8Array(blocks * 210), next);
  for (let at = 0; at < out.length; at += 210) {
    for (let i = 192; i < 208; i++) out[at + i] = 16 + (next() & 15);
  }
  return scaled(out, 210, 208, halfBits(EMBEDDING_STD / (18.5 * 24)));
}

function scaled(out: Uint8Array, block: number, at: number, half: number): Uint8Array {
  for (let i = at; i < out.length; i += block) {
    out[i] = half & 255;
    out[i + 1] = half >> 8;
  }
  return out;
}
