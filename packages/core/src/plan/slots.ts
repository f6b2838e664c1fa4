import type { ModelConfig } from './config.ts';

/** A tensor the engine takes: its name in the file, its place in the engine and its shape. */
export interface Slot {
  readonly name: string;
  /** Slot number of crates/wasm. */
  readonly slot: number;
  /** 0 for the tensors that belong to no layer. */
  readonly layer: number;
  readonly kind: 'linear' | 'embedding' | 'vector' | 'multiplier' | 'frequencies';
  /** GGUF shape: `[k]` for a vector, `[k, rows]` for a matrix. */
  readonly shape: readonly number[];
  /** Whether a file may leave it out. */
  readonly optional?: boolean;
}

/** A W1A1 linear's thresholds take the linear's slot plus this, its multiplier plus that. */
const THRESHOLD_SLOT = 20;
const MULTIPLIER_SLOT = 40;

/** Every tensor a model of this config must have, or may, and may have no other. */
export function slotsOf(config: ModelConfig): Slot[] {
  const { dim, vocab, ropeDims } = config;
  const whole = (slot: number, name: string, kind: Slot['kind'], shape: number[]): Slot => ({
    name: `${name}.weight`,
    slot,
    layer: 0,
    kind,
    shape,
  });
  const slots = [
    whole(0, 'token_embd', 'embedding', [dim, vocab]),
    whole(1, 'output_norm', 'vector', [dim]),
    { ...whole(3, 'rope_freqs', 'frequencies', [ropeDims / 2]), optional: true },
  ];
  if (!config.tied) slots.push(whole(2, 'output', 'embedding', [dim, vocab]));
  for (let layer = 0; layer < config.layers; layer++) slots.push(...layerSlots(config, layer));
  return slots;
}

function layerSlots(config: ModelConfig, layer: number): Slot[] {
  const { dim, ffn, headDim } = config;
  const q = config.heads * headDim;
  const kv = config.kvHeads * headDim;
  const vector = (slot: number, name: string, k: number) => norm(layer, slot, name, k);
  const linear = (slot: number, name: string, k: number, rows: number) =>
    linearSlots(config, layer, slot, name, [k, rows]);
  const subNorms = config.subNorms
    ? [vector(14, 'attn_sub_norm', q), vector(19, 'ffn_sub_norm', ffn)]
    : [];
  const headNorms = config.qkNorm
    ? [vector(21, 'attn_q_norm', headDim), vector(22, 'attn_k_norm', headDim)]
    : [];
  return [
    vector(10, 'attn_norm', dim),
    ...linear(11, 'attn_q', dim, q),
    ...linear(12, 'attn_k', dim, kv),
    ...linear(13, 'attn_v', dim, kv),
    ...linear(15, 'attn_output', q, dim),
    vector(16, 'ffn_norm', dim),
    ...linear(17, 'ffn_gate', dim, ffn),
    ...linear(18, 'ffn_up', dim, ffn),
    ...linear(20, 'ffn_down', ffn, dim),
    ...subNorms,
    ...headNorms,
  ];
}

function norm(layer: number, slot: number, name: string, k: number): Slot {
  return { name: `blk.${layer}.${name}.weight`, slot, layer, kind: 'vector', shape: [k] };
}

/** A linear's weights, its optional multiplier and, for W1A1, its thresholds. */
function linearSlots(
  config: ModelConfig,
  layer: number,
  slot: number,
  name: string,
  shape: readonly [k: number, rows: number],
): Slot[] {
  const at = `blk.${layer}.${name}`;
  const weight: Slot = { name: `${at}.weight`, slot, layer, kind: 'linear', shape };
  const multiplier: Slot = {
    name: `${at}.scale`,
    slot: slot + MULTIPLIER_SLOT,
    layer,
    kind: 'multiplier',
    shape: [1],
    optional: true,
  };
  if (config.activationBits === 8) return [weight, multiplier];
  const threshold = norm(layer, slot + THRESHOLD_SLOT, name, shape[0]);
  return [weight, multiplier, { ...threshold, name: `${at}.act_threshold` }];
}
