// The published models by their shapes (real) and small models of the same families.
import type { FamilyModel } from './families.ts';

const SMALL = {
  dim: 256,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 64,
  ffn: 512,
  vocab: 512,
  context: 256,
  ropeBase: 10_000,
} as const;

const BITNET: FamilyModel = {
  ...SMALL,
  name: 'small-bitnet',
  arch: 'bitnet',
  tokenizer: 'llama3',
  linear: 'TQ2_0',
  embedding: 'F16',
};

const QWEN3: FamilyModel = {
  ...SMALL,
  name: 'small-qwen3',
  arch: 'qwen3',
  headDim: 128,
  ropeBase: 1e6,
  tokenizer: 'qwen3',
  linear: 'Q1_0',
  embedding: 'Q1_0',
  blockScales: true,
  metadata: {
    'rope.scaling.type': { type: 'string', value: 'yarn' },
    'rope.scaling.factor': { type: 'f32', value: 4 },
    'rope.scaling.original_context_length': { type: 'u32', value: 64 },
  },
};

const LLAMA: FamilyModel = {
  ...SMALL,
  name: 'small-llama',
  arch: 'llama',
  ropeBase: 500_000,
  tokenizer: 'llama3',
  linear: 'TQ1_0',
  embedding: 'Q8_0',
  output: 'Q6_K',
};

/** The same ternary weights in every encoding that can hold them. */
export const SAME_WEIGHTS = (['F16', 'Q8_0', 'I2_S', 'TQ1_0', 'TQ2_0'] as const).map(
  (linear): FamilyModel => ({ ...BITNET, name: `small-bitnet-${linear}`, linear }),
);

/** A small model of each family and of each encoding with scales of its own. */
export const SMALL_MODELS: readonly FamilyModel[] = [
  ...SAME_WEIGHTS,
  { ...BITNET, name: 'small-bitnet-2b4t', arch: 'bitnet-b1.58', linear: 'I2_S' },
  // 1bitLLM's 3B has heads of 100, and rows that only blocks of 32 fit.
  {
    ...BITNET,
    name: 'small-1bitllm',
    tokenizer: 'sentencepiece',
    linear: 'Q8_0',
    dim: 800,
    heads: 8,
    kvHeads: 8,
    headDim: 100,
  },
  LLAMA,
  { ...LLAMA, name: 'small-llama-3.1', ropeFrequencies: true, kvHeads: 1 },
  { ...LLAMA, name: 'small-falcon-e', tokenizer: 'falcon-e', linear: 'I2_S', output: 'F16' },
  { ...LLAMA, name: 'small-llama-2', tokenizer: 'sentencepiece', ropeBase: 10_000, linear: 'Q8_0' },
  QWEN3,
  { ...QWEN3, name: 'small-qwen3-q2', linear: 'Q2_0', embedding: 'Q2_0' },
  { ...QWEN3, name: 'small-qwen3-q2-g128', linear: 'Q2_0_G128', embedding: 'Q2_0_G128' },
  { ...LLAMA, name: 'small-minicpm', arch: 'minicpm', linear: 'TQ2_0', ropeBase: 10_000 },
];

const YARN_BONSAI = {
  'rope.scaling.type': { type: 'string', value: 'yarn' },
  'rope.scaling.factor': { type: 'f32', value: 4 },
  'rope.scaling.original_context_length': { type: 'u32', value: 8192 },
} as const;

const BONSAI = {
  arch: 'qwen3',
  headDim: 128,
  kvHeads: 8,
  vocab: 151_669,
  context: 32_768,
  ropeBase: 1e6,
  tokenizer: 'qwen3',
  linear: 'Q1_0',
  embedding: 'Q1_0',
  blockScales: true,
  tiled: true,
  metadata: YARN_BONSAI,
} as const;

/** Published models by shape. Falcon-E-1B's widths are chosen to fit its published layers and file size. */
export const PUBLISHED = {
  'bitnet-2b4t': {
    name: 'bitnet2b',
    arch: 'bitnet-b1.58',
    dim: 2560,
    layers: 30,
    heads: 20,
    kvHeads: 5,
    headDim: 128,
    ffn: 6912,
    vocab: 128_256,
    context: 4096,
    ropeBase: 500_000,
    tokenizer: 'bitnet-2b4t',
    linear: 'I2_S',
    embedding: 'F16',
    tiled: true,
  },
  'bonsai-1.7b': { ...BONSAI, name: 'Bonsai-1.7B', dim: 2048, layers: 28, heads: 16, ffn: 6144 },
  'bonsai-4b': {
    ...BONSAI,
    name: 'Bonsai-4B',
    dim: 2560,
    layers: 36,
    heads: 32,
    ffn: 9728,
    ropeBase: 5e6,
  },
  'bonsai-8b': {
    ...BONSAI,
    name: 'Bonsai-8B',
    dim: 4096,
    layers: 36,
    heads: 32,
    ffn: 12_288,
    context: 65_536,
    metadata: {
      ...YARN_BONSAI,
      'rope.scaling.original_context_length': { type: 'u32', value: 16_384 },
    },
    output: 'Q1_0',
  },
  'falcon-e-1b': {
    name: 'Falcon-E-1B',
    arch: 'llama',
    dim: 2048,
    layers: 24,
    heads: 16,
    kvHeads: 16,
    headDim: 128,
    ffn: 8192,
    vocab: 32_768,
    context: 32_768,
    ropeBase: 1_000_042,
    tokenizer: 'falcon-e',
    linear: 'I2_S',
    embedding: 'F16',
    output: 'F16',
    tiled: true,
  },
} as const satisfies Record<string, FamilyModel>;

export type PublishedName = keyof typeof PUBLISHED;
