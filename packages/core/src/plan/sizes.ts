import { I2_S, Q1_0, Q2_0, Q2_0_G128, TQ1_0, TQ2_0 } from '../gguf/types.ts';
import type { ModelConfig } from './config.ts';
import type { Slot } from './slots.ts';

// What crates/model allocates, computed from shapes alone, so that a user hears the size before a
// byte of weights is fetched. Layouts: crates/kernels/DESIGN.md. A test holds these sums to the
// bytes that the engine reports.

/** Packed weights are whole 64-byte lines. */
const LINE_BYTES = 64;
const F32_BYTES = 4;
/** Rows of a packed matrix come in blocks of 32. */
const ROW_BLOCK = 32;
/** Rows of a packed binary matrix, likewise. */
const BINARY_BLOCK = 64;
/** Positions that go through the layers together: SLICE of crates/model. */
const SLICE = 64;
/** Positions of a block of a quantised cache, and dimensions of its vectors. */
const KV_BLOCK = 4;
/** Lookup tables of an activation. */
const TABLE_BYTES = 16;
/** What a GEMM unpacks: 32 rows by 256 of K. */
const TILE_BYTES = 32 * 256;
/** Fewest weights that share a scale. */
const SMALLEST_GROUP = 64;

/** Activations of Q1_0 and Q2_0 have a scale per this many of K. */
const ACTIVATION_GROUP = 128;
const F16_BYTES = 2;

/** What is known of a tensor's weights: its type and where in the model it stands. */
export interface Matrix {
  readonly slot: Slot;
  /** The engine's type id. */
  readonly type: number;
}

/** Bits of a code and weights that share a scale (0: the whole tensor) of types that stay packed. */
const PACKED: ReadonlyMap<number, { readonly bits: number; readonly group: number }> = new Map([
  [Q1_0, { bits: 1, group: 128 }],
  [Q2_0, { bits: 2, group: 64 }],
  [Q2_0_G128, { bits: 2, group: 128 }],
  // Block scales of these are equal in every known file, and then kept once.
  [TQ1_0, { bits: 2, group: 0 }],
  [TQ2_0, { bits: 2, group: 0 }],
  [I2_S, { bits: 2, group: 0 }],
]);

/** Bytes the engine holds for one tensor once packed. */
export function residentTensorBytes({ slot, type }: Matrix, config: ModelConfig): number {
  const [k = 0, rows = 1] = slot.shape;
  if (slot.kind === 'multiplier') return 0;
  if (slot.kind === 'vector' || slot.kind === 'frequencies') return k * F32_BYTES;
  if (slot.kind === 'linear' && config.activationBits === 1) {
    return lines((multipleOf(BINARY_BLOCK, rows) * k) / 8) + rows * F32_BYTES;
  }
  const packed = PACKED.get(type);
  if (packed) return laneBytes(rows, k, packed.bits, packed.group);
  if (slot.kind === 'embedding' && config.head === 'f32') return rows * k * F32_BYTES;
  if (slot.kind === 'embedding' && config.head === 'int4')
    return laneBytes(rows, k, 4, 0) + rows * F32_BYTES;
  return lines(rows * k) + rows * F32_BYTES;
}

function laneBytes(rows: number, k: number, bits: number, group: number): number {
  const paddedRows = Math.ceil(rows / ROW_BLOCK) * ROW_BLOCK;
  const scales = group === 0 ? 0 : (paddedRows * k) / group;
  return lines((paddedRows * k * bits) / 8) + scales * F16_BYTES;
}

/** Whether a product with this matrix reads activations quantised in groups. */
function groupsActivations({ slot, type }: Matrix, config: ModelConfig): boolean {
  if (slot.kind === 'embedding') return isHead(slot, config) && (PACKED.get(type)?.group ?? 0) > 0;
  const linear = slot.kind === 'linear' && config.activationBits === 8;
  return linear && (PACKED.get(type)?.group ?? 0) > 0;
}

/** Whether the logits are a product with this embedding. */
export function isHead(slot: Slot, config: ModelConfig): boolean {
  return config.tied || slot.name === 'output.weight';
}

/** Bytes of the KV cache, keys and values of every layer and KV head, once the context is full: they are reserved at once
 * and touched as it grows. */
export function kvCacheBytes(config: ModelConfig): number {
  return 2 * config.layers * config.kvHeads * headBytes(config);
}

/** Keys, or values, of one head. */
function headBytes({ kv, context, headDim }: ModelConfig): number {
  if (kv === 'f32') return context * headDim * F32_BYTES;
  const positions = multipleOf(KV_BLOCK, context);
  const valueBytes = kv === 'int8' ? 1 : 0.5;
  return lines(positions * multipleOf(KV_BLOCK, headDim) * valueBytes) + positions * F32_BYTES;
}

/** Bytes of one slice's activations, attention scores, logits, RoPE tables and the context's ids. */
export function scratchBytes(config: ModelConfig, matrices: readonly Matrix[]): number {
  const { dim, ffn, context, vocab, ropeDims } = config;
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const widest = Math.max(dim, q, ffn);
  const floats = SLICE * (2 * (dim + q + kv + ffn) + widest) + context + vocab;
  const ropeTables = (ropeDims / 2) * (8 + SLICE * (4 + 4));
  const groups = Math.ceil(widest / SMALLEST_GROUP);
  // A staged row: int8 and i16 values, sign bits, scale, sum and β, and both of each weight group.
  const row = widest * 3 + Math.ceil(widest / 8) + 3 * F32_BYTES + groups * 2 * F32_BYTES;
  const sums = SLICE * ROW_BLOCK * 2 * F32_BYTES;
  const staged = SLICE * row + TABLE_BYTES * widest + TILE_BYTES + sums;
  const grouped = matrices.some((matrix) => groupsActivations(matrix, config))
    ? SLICE * (widest + Math.ceil(widest / ACTIVATION_GROUP) * F32_BYTES)
    : 0;
  return floats * F32_BYTES + attentionBytes(config) + ropeTables + staged + grouped;
}

/** Attention of one KV head: scores, int16 queries, and three numbers of each of its query heads. */
function attentionBytes(config: ModelConfig): number {
  const group = config.heads / config.kvHeads;
  const scores = multipleOf(KV_BLOCK, config.context) * F32_BYTES;
  return group * (scores + multipleOf(KV_BLOCK, config.headDim) * 2 + 3 * F32_BYTES);
}

function lines(bytes: number): number {
  return multipleOf(LINE_BYTES, bytes);
}

function multipleOf(unit: number, n: number): number {
  return Math.ceil(n / unit) * unit;
}
