import { badModel, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { Activation, ModelConfig, Scales } from './config.ts';
import { MAX_LAYERS, MAX_SCALE, MAX_WIDTH } from './limits.ts';
import type { Metadata } from './metadata.ts';

/** What sets one architecture's graph apart from the others'. Source: llama.cpp src/models. */
export interface Family {
  readonly ropePairing: ModelConfig['ropePairing'];
  readonly qkNorm: boolean;
  activation(metadata: Metadata, arch: string): Activation;
  scales(metadata: Metadata, arch: string): Scales;
}

const NO_SCALES: Scales = { embedding: 1, residual: 1, logit: 1 };

const BITNET: Family = {
  ropePairing: 'neox',
  qkNorm: false,
  activation: declaredActivation,
  scales: () => NO_SCALES,
};
const BITNET_2B4T: Family = { ...BITNET, activation: () => 'relu2' };
const LLAMA: Family = {
  ropePairing: 'norm',
  qkNorm: false,
  activation: () => 'silu',
  scales: () => NO_SCALES,
};

/** Architectures by their `general.architecture`. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ['bitnet', BITNET],
  ['bitnet-25', BITNET_2B4T],
  ['bitnet-b1.58', BITNET_2B4T],
  ['llama', LLAMA],
  ['qwen3', { ...LLAMA, ropePairing: 'neox', qkNorm: true }],
  ['minicpm', { ...LLAMA, scales: miniCpmScales }],
]);

/** The graph of an architecture, which `architectureOf` has found known. */
export function familyOf(arch: string): Family {
  return FAMILIES.get(arch)!;
}

/** The model's architecture name, refused with `unsupported` where no graph for it exists here. */
export function architectureOf(header: GgufHeader, metadata: Metadata): string {
  const arch = metadata.text('general.architecture');
  if (arch === undefined) throw badModel('the metadata lacks "general.architecture"');
  if (!FAMILIES.has(arch)) {
    const known = [...FAMILIES.keys()].join(', ');
    throw unsupported(
      `the architecture "${arch.slice(0, 80)}" is not run; expected one of ${known}`,
    );
  }
  const rotated = metadata.keyStarting('prism.hadamard.');
  if (rotated) {
    throw badModel(
      `the file has "${rotated}": its weights are Hadamard-rotated, and the rotation of the ` +
        'activations is not run; use a model without it',
    );
  }
  refuseLoneShard(header, metadata);
  return arch;
}

function refuseLoneShard(header: GgufHeader, metadata: Metadata): void {
  const count = metadata.count('split.count', 0, 65_535, 1);
  const read = header.shards ?? 1;
  if (count <= 1 || count === read) return;
  throw badModel(
    `the file is one shard of ${count}, and ${read} of them ${read === 1 ? 'is' : 'are'} here; ` +
      `give all ${count}, named -00001-of-${String(count).padStart(5, '0')}.gguf and so on`,
  );
}

/**
 * `bitnet` files name their activation or mean SiLU, but for older conversions of BitNet 2B-4T, which
 * is ReLU² and is known by its vocabulary and FFN width.
 */
function declaredActivation(metadata: Metadata, arch: string): Activation {
  const declared = metadata.text(`${arch}.hidden_activation`);
  if (declared === 'relu2' || declared === 'relu_sqr') return 'relu2';
  if (declared === 'silu' || declared === 'swish') return 'silu';
  if (declared !== undefined) {
    throw unsupported(
      `the FFN activation "${declared.slice(0, 80)}" is not run; expected silu or relu2`,
    );
  }
  const tokens = metadata.strings('tokenizer.ggml.tokens')?.length;
  const ffn = metadata.count(`${arch}.feed_forward_length`, 1, MAX_WIDTH);
  return tokens === 128_256 && ffn === 6912 ? 'relu2' : 'silu';
}

/**
 * MiniCPM's constants. Files that do not state them are MiniCPM 1: embedding 12, depth 1.4/√layers,
 * logits 256/width. A stated `logit_scale` divides, as in Granite, whose graph llama.cpp shares.
 */
function miniCpmScales(metadata: Metadata, arch: string): Scales {
  const layers = metadata.count(`${arch}.block_count`, 1, MAX_LAYERS);
  const dim = metadata.count(`${arch}.embedding_length`, 1, MAX_WIDTH);
  const scale = (name: string, absent: number) =>
    metadata.real(`${arch}.${name}`, 1 / MAX_SCALE, MAX_SCALE, absent);
  return {
    embedding: scale('embedding_scale', 12),
    residual: scale('residual_scale', 1.4 / Math.sqrt(layers)),
    logit: 1 / scale('logit_scale', dim / 256),
  };
}
