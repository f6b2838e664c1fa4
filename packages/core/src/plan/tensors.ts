import type { ModelConfig } from './config.ts';

/** A tensor that a model has, or may have: its name in the file, what it is and its shape. */
export interface ExpectedTensor {
  readonly name: string;
  /** The name without its layer. */
  readonly slot: string;
  /** 0 for the tensors that belong to no layer. */
  readonly layer: number;
  readonly kind: 'linear' | 'embedding' | 'vector' | 'multiplier' | 'frequencies';
  /** GGUF shape: `[k]` for a vector, `[k, rows]` for a matrix. */
  readonly shape: readonly number[];
  /** Whether a file may leave it out. */
  readonly optional?: boolean;
}

type Kind = ExpectedTensor['kind'];

/** Every tensor a model of this config must have, or may, and may have no other. */
export function expectedTensors(config: ModelConfig): ExpectedTensor[] {
  const { dim, vocab, ropeDims } = config;
  const whole = (part: string, kind: Kind, shape: number[]): ExpectedTensor => {
    const name = `${part}.weight`;
    return { name, slot: name, layer: 0, kind, shape };
  };
  const tensors = [
    whole('token_embd', 'embedding', [dim, vocab]),
    whole('output_norm', 'vector', [dim]),
    { ...whole('rope_freqs', 'frequencies', [ropeDims / 2]), optional: true },
  ];
  if (!config.tied) tensors.push(whole('output', 'embedding', [dim, vocab]));
  for (let layer = 0; layer < config.layers; layer++) tensors.push(...layerTensors(config, layer));
  return tensors;
}

function layerTensors(config: ModelConfig, layer: number): ExpectedTensor[] {
  const { dim, ffn, headDim } = config;
  const q = config.heads * headDim;
  const kv = config.kvHeads * headDim;
  const vector = (part: string, k: number) => ofLayer(layer, `${part}.weight`, 'vector', [k]);
  const linear = (part: string, k: number, rows: number) =>
    linearTensors(config, layer, part, [k, rows]);
  const subNorms = config.subNorms ? [vector('attn_sub_norm', q), vector('ffn_sub_norm', ffn)] : [];
  const headNorms = config.qkNorm
    ? [vector('attn_q_norm', headDim), vector('attn_k_norm', headDim)]
    : [];
  return [
    vector('attn_norm', dim),
    ...linear('attn_q', dim, q),
    ...linear('attn_k', dim, kv),
    ...linear('attn_v', dim, kv),
    ...linear('attn_output', q, dim),
    vector('ffn_norm', dim),
    ...linear('ffn_gate', dim, ffn),
    ...linear('ffn_up', dim, ffn),
    ...linear('ffn_down', ffn, dim),
    ...subNorms,
    ...headNorms,
  ];
}

function ofLayer(layer: number, slot: string, kind: Kind, shape: readonly number[]) {
  return { name: `blk.${layer}.${slot}`, slot, layer, kind, shape };
}

/** A linear's weights, its optional multiplier and, for W1A1, its thresholds. */
function linearTensors(
  { activationBits }: ModelConfig,
  layer: number,
  part: string,
  shape: readonly [k: number, rows: number],
): ExpectedTensor[] {
  const weight = ofLayer(layer, `${part}.weight`, 'linear', shape);
  const multiplier = { ...ofLayer(layer, `${part}.scale`, 'multiplier', [1]), optional: true };
  if (activationBits === 8) return [weight, multiplier];
  return [weight, multiplier, ofLayer(layer, `${part}.act_threshold`, 'vector', [shape[0]])];
}
