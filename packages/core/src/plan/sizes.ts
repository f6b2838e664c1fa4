import type { ModelConfig } from './config.ts';
import type { Slot } from './slots.ts';

// What crates/model allocates, computed from shapes alone, so that a user hears the size before a
// byte of weights is fetched. Layouts: crates/kernels/DESIGN.md. A test holds these sums to the
// bytes that the engine reports.

/** Packed weights are whole 64-byte lines. */
const LINE_BYTES = 64;
const F32_BYTES = 4;
/** Rows of a ternary matrix come in blocks of 32, the row-lane layout. */
const TERNARY_ROW_BLOCK = 32;
/** Positions that go through the layers together: SLICE of crates/model. */
const SLICE = 32;
/** Fewest weights that share a scale. */
const SMALLEST_GROUP = 64;

/** Bytes the engine holds for one tensor once packed. */
export function residentTensorBytes(slot: Slot, config: ModelConfig): number {
  const [k = 0, rows = 1] = slot.shape;
  if (slot.kind === 'vector') return k * F32_BYTES;
  if (slot.kind === 'embedding') {
    return config.head === 'f32' ? rows * k * F32_BYTES : lines(rows * k) + rows * F32_BYTES;
  }
  if (config.activationBits === 1) return lines((rows * k) / 8) + rows * F32_BYTES;
  const paddedRows = Math.ceil(rows / TERNARY_ROW_BLOCK) * TERNARY_ROW_BLOCK;
  return lines((paddedRows * k) / 4);
}

/** Bytes of the KV cache: keys and values of every layer, KV head and position. */
export function kvCacheBytes(config: ModelConfig): number {
  const rows = config.layers * config.kvHeads * config.context;
  const rowBytes = config.kv === 'f32' ? config.headDim * F32_BYTES : config.headDim + F32_BYTES;
  return 2 * rows * rowBytes;
}

/** Bytes of one slice's activations, attention scores, logits, RoPE tables and the context's ids. */
export function scratchBytes(config: ModelConfig): number {
  const { dim, ffn, context, vocab, ropeDims } = config;
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const widest = Math.max(dim, q, ffn);
  const floats = SLICE * (2 * (dim + q + kv + ffn) + widest) + 2 * context + vocab;
  const ropeTables = (ropeDims / 2) * (8 + 4 + 4);
  const groups = Math.ceil(widest / SMALLEST_GROUP);
  const staged = SLICE * (widest + 8) + Math.ceil(widest / 8) + groups * (4 + 4);
  return floats * F32_BYTES + ropeTables + staged;
}

function lines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
