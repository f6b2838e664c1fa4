// A tiny bitnet model file for tests: real structure, weights of zeros and ones.
import { byteCharacters } from '../src/tokenizer/byte-map.ts';
import { type FileSpec, type TensorSpec, type TypedValue, writeGguf } from './gguf-writer.ts';

export const F32 = 0;
export const TQ2_0 = 35;
export const I2_S = 36;
export const Q1_0 = 41;

export const DIM = 256;
export const FFN = 512;
export const HEADS = 4;
export const KV_HEADS = 2;

const SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** The 256 bytes, a few merges, then three control tokens. */
export function byteVocabulary(): { tokens: string[]; merges: string[]; types: number[] } {
  const merges = ['Ġ t', 'Ġt h', 'Ġth e', 'h e', 'l l', 'he ll', 'hell o'];
  const tokens = [...byteCharacters(), ...merges.map((m) => m.replace(' ', '')), ...SPECIALS];
  return { tokens, merges, types: tokens.map((t) => (SPECIALS.includes(t) ? 3 : 1)) };
}

const BLOCKS: Record<number, [block: number, bytes: number, tail: number]> = {
  [F32]: [1, 4, 0],
  [TQ2_0]: [256, 66, 0],
  [I2_S]: [128, 32, 32],
  [Q1_0]: [128, 18, 0],
};

export function tensor(name: string, shape: number[], type: number): TensorSpec {
  const elements = shape.reduce((a, b) => a * b, 1);
  const [block, bytes, tail] = BLOCKS[type]!;
  return { name, shape, type, bytes: new Uint8Array((elements / block) * bytes + tail).fill(1) };
}

export interface TinyOptions {
  arch?: string;
  linear?: number;
  /** Entries of metadata to add or replace; null removes one. */
  metadata?: Record<string, TypedValue | null>;
  /** A last change to the tensors. */
  tensors?: (tensors: TensorSpec[]) => TensorSpec[];
  version?: number;
}

export function tinySpec(options: TinyOptions = {}): FileSpec {
  const { arch = 'bitnet', linear = TQ2_0 } = options;
  const metadata = new Map<string, TypedValue>(Object.entries(tinyMetadata(arch)));
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    if (value === null) metadata.delete(key);
    else metadata.set(key, value);
  }
  const tensors = tinyTensors(linear);
  return {
    ...(options.version === undefined ? {} : { version: options.version }),
    metadata: [...metadata],
    tensors: options.tensors ? options.tensors(tensors) : tensors,
  };
}

export function tinyModel(options: TinyOptions = {}): Uint8Array {
  return writeGguf(tinySpec(options));
}

function tinyMetadata(arch: string): Record<string, TypedValue> {
  const { tokens, merges, types } = byteVocabulary();
  return {
    'general.architecture': { type: 'string', value: arch },
    'general.name': { type: 'string', value: 'tiny' },
    [`${arch}.context_length`]: { type: 'u32', value: 128 },
    [`${arch}.embedding_length`]: { type: 'u32', value: DIM },
    [`${arch}.block_count`]: { type: 'u32', value: 2 },
    [`${arch}.feed_forward_length`]: { type: 'u32', value: FFN },
    [`${arch}.attention.head_count`]: { type: 'u32', value: HEADS },
    [`${arch}.attention.head_count_kv`]: { type: 'u32', value: KV_HEADS },
    [`${arch}.attention.layer_norm_rms_epsilon`]: { type: 'f32', value: 1e-5 },
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'gpt-2' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: types },
    'tokenizer.ggml.merges': { type: 'strings', value: merges },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: tokens.indexOf('<|endoftext|>') },
  };
}

function tinyTensors(linear: number): TensorSpec[] {
  const kv = (DIM / HEADS) * KV_HEADS;
  const layer = (i: number) => {
    const at = (name: string) => `blk.${i}.${name}`;
    const weight = (name: string, k: number, rows: number) => [
      tensor(at(`${name}.weight`), [k, rows], linear),
      ...(linear === Q1_0 ? [tensor(at(`${name}.act_threshold`), [k], F32)] : []),
    ];
    return [
      tensor(at('attn_norm.weight'), [DIM], F32),
      tensor(at('attn_sub_norm.weight'), [DIM], F32),
      ...weight('attn_q', DIM, DIM),
      ...weight('attn_k', DIM, kv),
      ...weight('attn_v', DIM, kv),
      ...weight('attn_output', DIM, DIM),
      tensor(at('ffn_norm.weight'), [DIM], F32),
      tensor(at('ffn_sub_norm.weight'), [FFN], F32),
      ...weight('ffn_gate', DIM, FFN),
      ...weight('ffn_up', DIM, FFN),
      ...weight('ffn_down', FFN, DIM),
    ];
  };
  return [
    tensor('token_embd.weight', [DIM, byteVocabulary().tokens.length], F32),
    tensor('output_norm.weight', [DIM], F32),
    ...layer(0),
    ...layer(1),
  ];
}
