// What the engine reads from a tensor, seen through a model whose logits are one embedding row, normalised: its
// linears are zero, its head is the identity, its norm is 1.
import type { TypedValue } from '../../packages/core/test/gguf-writer.ts';
import { type EngineExports, logitsAfter, openEngine } from '../../tools/lib/engine.ts';
import { encodeCodes } from '../models/encode.ts';
import { ggufParts, type RandomTensor } from '../models/random.ts';

const WIDTH = 256;
const FFN = 256;
const EPSILON = Math.fround(1e-5);
const ONE_HALF = 0x3c00;
const TQ2_0 = 35;

/** Logits of each of `rows` rows of width 256 in tensor type `type`, as the engine computes them. */
export async function readBack(
  bound: EngineExports,
  type: number,
  bytes: Uint8Array,
  rows: number,
): Promise<Float32Array[]> {
  const file = Buffer.concat([
    ...ggufParts({ metadata: metadata(), tensors: tensors(type, bytes, rows) }),
  ]);
  const engine = await openEngine(bound, new Uint8Array(file), { head: 'f32', kv: 'f32' });
  const found = Array.from({ length: rows }, (_, id) => logitsAfter(engine, [id]));
  engine.free();
  return found;
}

/** The same from the row's values: RMSNorm in f32, its sum in the 16 lanes that crates/kernels/DESIGN.md defines. */
export function normalised(row: Float32Array): Float32Array {
  const f = Math.fround;
  const mean = f(laneSum(row.map((x) => f(x * x))) / row.length);
  const scale = f(1 / f(Math.sqrt(f(mean + EPSILON))));
  return row.map((x) => f(x * scale));
}

function laneSum(values: Float32Array): number {
  const lanes = new Float32Array(16);
  values.forEach((value, i) => {
    lanes[i % 16]! += value;
  });
  for (const half of [8, 4]) for (let i = 0; i < half; i++) lanes[i]! += lanes[i + half]!;
  return Math.fround(Math.fround(lanes[0]! + lanes[2]!) + Math.fround(lanes[1]! + lanes[3]!));
}

function metadata(): Map<string, TypedValue> {
  const count = (value: number): TypedValue => ({ type: 'u32', value });
  return new Map<string, TypedValue>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['llama.context_length', count(16)],
    ['llama.embedding_length', count(WIDTH)],
    ['llama.block_count', count(1)],
    ['llama.feed_forward_length', count(FFN)],
    ['llama.attention.head_count', count(4)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: EPSILON }],
  ]);
}

function tensors(type: number, rows: Uint8Array, count: number): RandomTensor[] {
  const whole = (name: string, shape: number[], id: number, data: Uint8Array): RandomTensor => ({
    name: `${name}.weight`,
    shape,
    type: id,
    bytes: data.length,
    parts: () => [data],
  });
  const ones = (name: string) =>
    whole(name, [WIDTH], 0, new Uint8Array(new Float32Array(WIDTH).fill(1).buffer));
  const zeros = encodeCodes('TQ2_0', new Uint8Array(WIDTH * WIDTH).fill(1), ONE_HALF);
  const zero = (name: string) => whole(`blk.0.${name}`, [WIDTH, WIDTH], TQ2_0, zeros);
  const identity = new Float32Array(WIDTH * WIDTH);
  for (let i = 0; i < WIDTH; i++) identity[i * WIDTH + i] = 1;
  return [
    whole('token_embd', [WIDTH, WIDTH], type, repeated(rows, WIDTH / count, type)),
    whole('output', [WIDTH, WIDTH], 0, new Uint8Array(identity.buffer)),
    ...['output_norm', 'blk.0.attn_norm', 'blk.0.ffn_norm'].map(ones),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map(zero),
  ];
}

const I2_S = 36;
const I2_S_TAIL = 32;

/** The rows again and again, up to as many as the head has; the tail of I2_S stands once. */
function repeated(rows: Uint8Array, times: number, type: number): Uint8Array {
  const tail = type === I2_S ? rows.subarray(rows.length - I2_S_TAIL) : new Uint8Array(0);
  const body = rows.subarray(0, rows.length - tail.length);
  return Buffer.concat([...Array.from({ length: times }, () => body), tail]);
}
