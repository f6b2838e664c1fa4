import type { ModelConfig } from './config.ts';

/** A tensor the engine takes: its name in the file, its place in the engine and its shape. */
export interface Slot {
  readonly name: string;
  /** Slot number of crates/wasm. */
  readonly slot: number;
  /** 0 for the tensors that belong to no layer. */
  readonly layer: number;
  readonly kind: 'linear' | 'embedding' | 'vector';
  /** GGUF shape: `[k]` for a vector, `[k, rows]` for a matrix. */
  readonly shape: readonly number[];
}

/** A W1A1 linear's thresholds take the linear's slot plus this. */
const THRESHOLD_SLOT = 20;

/** Every tensor a model of this config must have, and may have no other. */
export function slotsOf(config: ModelConfig): Slot[] {
  const { dim, vocab } = config;
  const slots: Slot[] = [
    { name: 'token_embd.weight', slot: 0, layer: 0, kind: 'embedding', shape: [dim, vocab] },
    { name: 'output_norm.weight', slot: 1, layer: 0, kind: 'vector', shape: [dim] },
  ];
  if (!config.tied) {
    slots.push({
      name: 'output.weight',
      slot: 2,
      layer: 0,
      kind: 'embedding',
      shape: [dim, vocab],
    });
  }
  for (let layer = 0; layer < config.layers; layer++) slots.push(...layerSlots(config, layer));
  return slots;
}

function layerSlots(config: ModelConfig, layer: number): Slot[] {
  const { dim, ffn } = config;
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const vector = (slot: number, name: string, k: number): Slot => ({
    name: `blk.${layer}.${name}.weight`,
    slot,
    layer,
    kind: 'vector',
    shape: [k],
  });
  const linear = (slot: number, name: string, k: number, rows: number): Slot[] => {
    const at = `blk.${layer}.${name}`;
    const weight: Slot = { name: `${at}.weight`, slot, layer, kind: 'linear', shape: [k, rows] };
    if (config.activationBits === 8) return [weight];
    const threshold = { ...vector(slot + THRESHOLD_SLOT, name, k), name: `${at}.act_threshold` };
    return [weight, threshold];
  };
  const subNorms = config.subNorms
    ? [vector(14, 'attn_sub_norm', q), vector(19, 'ffn_sub_norm', ffn)]
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
  ];
}
