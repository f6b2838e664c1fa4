import type { ModelConfig } from './config.ts';
import type { Slot } from './slots.ts';

// What crates/model allocates, computed from shapes alone, so that a user hears the size before a
// byte of weights is fetched. Layouts: crates/kernels/DESIGN.md.

/** Every allocation begins on a 64-byte line. */
const ALIGNMENT_BYTES = 64;
const F32_BYTES = 4;
/** Rows of a ternary matrix come in blocks of 32, the row-lane layout. */
const TERNARY_ROW_BLOCK = 32;

/** Bytes the engine holds for one tensor once packed. */
export function residentTensorBytes(slot: Slot, config: ModelConfig): number {
  const [k = 0, rows = 1] = slot.shape;
  if (slot.kind === 'vector') return aligned(k * F32_BYTES);
  if (slot.kind === 'embedding') {
    return config.head === 'f32'
      ? aligned(rows * k * F32_BYTES)
      : aligned(rows * k) + aligned(rows * F32_BYTES);
  }
  if (config.activationBits === 1) return aligned((rows * k) / 8) + aligned(rows * F32_BYTES);
  const paddedRows = Math.ceil(rows / TERNARY_ROW_BLOCK) * TERNARY_ROW_BLOCK;
  return aligned((paddedRows * k) / 4);
}

/** Bytes of the KV cache: keys and values of every layer, position and KV head. */
export function kvCacheBytes(config: ModelConfig): number {
  const vectors = config.layers * config.context * config.kvHeads;
  if (config.kv === 'f32') return 2 * aligned(vectors * config.headDim * F32_BYTES);
  return 2 * (aligned(vectors * config.headDim) + aligned(vectors * F32_BYTES));
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** Bytes of the activations of one position and the logits. */
export function scratchBytes(config: ModelConfig): number {
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const floats = 4 * config.dim + 2 * q + 2 * kv + 3 * config.ffn + config.context + config.vocab;
  const bytes = Math.max(config.dim, q, config.ffn);
  return aligned(floats * F32_BYTES) + aligned(bytes);
}
