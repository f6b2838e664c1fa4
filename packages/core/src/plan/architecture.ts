import { badModel, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { HeadFormat, KvFormat, ModelConfig } from './config.ts';
import { familyOf } from './families.ts';
import {
  MAX_CONTEXT,
  MAX_HEAD_DIM,
  MAX_HEADS,
  MAX_LAYERS,
  MAX_SCALE,
  MAX_VOCAB,
  MAX_WIDTH,
} from './limits.ts';
import type { Metadata } from './metadata.ts';
import { ropeOf } from './rope.ts';

/** What a caller may choose about a run. */
export interface PlanOptions {
  /** Positions of the KV cache; by default the model's own context, at most 2048. */
  readonly contextLength?: number | undefined;
  /** KV cache entries; int8 by default; int4 takes half of its memory, f32 four times it. */
  readonly kv?: KvFormat | undefined;
  /** Embedding and head; int8 by default, f32 as a diagnostic. */
  readonly head?: HeadFormat | undefined;
}

const DEFAULT_CONTEXT = 2048;

/** The rows of a matrix are whole vectors of 16 elements. */
const WIDTH_MULTIPLE = 16;

/** The config that the metadata and the tensor list describe. */
export function configOf(
  header: GgufHeader,
  metadata: Metadata,
  arch: string,
  options: PlanOptions,
): ModelConfig {
  const family = familyOf(arch);
  const names = new Set(header.tensors.map((tensor) => tensor.name));
  const dim = multiple(metadata, `${arch}.embedding_length`, MAX_WIDTH);
  const heads = metadata.count(`${arch}.attention.head_count`, 1, MAX_HEADS);
  const headDim = headDimOf(metadata, arch, dim, heads);
  return {
    activation: family.activation(metadata, arch),
    activationBits: activationBitsOf(metadata),
    vocab: vocabOf(header, metadata, arch),
    dim,
    layers: metadata.count(`${arch}.block_count`, 1, MAX_LAYERS),
    heads,
    kvHeads: kvHeadsOf(metadata, arch, heads),
    headDim,
    ffn: multiple(metadata, `${arch}.feed_forward_length`, MAX_WIDTH),
    context: contextOf(metadata, arch, options.contextLength),
    ...ropeOf(metadata, arch, headDim),
    ropePairing: family.ropePairing,
    rmsEps: metadata.real(`${arch}.attention.layer_norm_rms_epsilon`, 1e-12, 0.1),
    tied: !names.has('output.weight'),
    kv: options.kv ?? 'int8',
    head: options.head ?? 'int8',
    subNorms: names.has('blk.0.attn_sub_norm.weight'),
    qkNorm: family.qkNorm,
    scales: family.scales(metadata, arch),
    attentionScale: metadata.real(`${arch}.attention.scale`, 0, MAX_SCALE, 0),
  };
}

function activationBitsOf(metadata: Metadata): 8 | 1 {
  const bits = metadata.count('pocketbit.activation_bits', 0, 64, 8);
  if (bits === 8 || bits === 1) return bits;
  throw unsupported(`pocketbit.activation_bits is ${bits}; expected 8 or 1`);
}

/** The embedding's rows; metadata, where it states a vocabulary, must agree. */
function vocabOf(header: GgufHeader, metadata: Metadata, arch: string): number {
  const rows = header.tensors.find((tensor) => tensor.name === 'token_embd.weight')?.shape[1];
  if (rows === undefined) throw badModel('the tensor "token_embd.weight" is missing');
  const stated = metadata.count(`${arch}.vocab_size`, 1, MAX_VOCAB, rows);
  if (stated !== rows) {
    throw badModel(`the embedding has ${rows} rows, and "${arch}.vocab_size" says ${stated}`);
  }
  return rows;
}

function kvHeadsOf(metadata: Metadata, arch: string, heads: number): number {
  const kvHeads = metadata.count(`${arch}.attention.head_count_kv`, 1, heads, heads);
  if (heads % kvHeads === 0) return kvHeads;
  throw badModel(`${heads} heads do not divide among ${kvHeads} KV heads`);
}

function headDimOf(metadata: Metadata, arch: string, dim: number, heads: number): number {
  const key = `${arch}.attention.key_length`;
  if (!metadata.has(key) && dim % heads !== 0) {
    throw badModel(`a width of ${dim} does not divide among ${heads} heads`);
  }
  const headDim = metadata.count(key, 2, MAX_HEAD_DIM, dim / heads);
  const valueDim = metadata.count(`${arch}.attention.value_length`, 2, MAX_HEAD_DIM, headDim);
  if (valueDim !== headDim) {
    throw unsupported(`keys have ${headDim} dimensions and values ${valueDim}; expected the same`);
  }
  // The heads side by side are the rows of the output projection.
  if ((heads * headDim) % WIDTH_MULTIPLE !== 0) {
    throw unsupported(
      `${heads} heads of ${headDim} dimensions are ${heads * headDim} wide; ` +
        `expected a multiple of ${WIDTH_MULTIPLE}`,
    );
  }
  return headDim;
}

function contextOf(metadata: Metadata, arch: string, wanted: number | undefined): number {
  const trained = metadata.count(`${arch}.context_length`, 1, MAX_CONTEXT);
  const context = wanted ?? Math.min(trained, DEFAULT_CONTEXT);
  if (Number.isInteger(context) && context >= 1 && context <= trained) return context;
  throw unsupported(
    `a context of ${context} positions was asked for; the model was made for 1 to ${trained}`,
  );
}

function multiple(metadata: Metadata, key: string, max: number): number {
  const value = metadata.count(key, 1, max);
  if (value % WIDTH_MULTIPLE === 0) return value;
  throw unsupported(`"${key}" is ${value}; expected a multiple of ${WIDTH_MULTIPLE}`);
}
