// Small valid model files of every family and kind of tokenizer: what a fuzzer edits.
import type { TensorSpec, TypedValue } from '../gguf-writer.ts';
import { writeHeader } from '../gguf-writer.ts';

/** A valid file: its header, and how many bytes of weights follow. */
export interface Original {
  readonly name: string;
  readonly header: Uint8Array;
  readonly fileSize: number;
}

interface Kind {
  readonly name: string;
  readonly arch: string;
  /** Width of everything; a multiple of the block of the linears' type, so that the files stay small. */
  readonly dim: number;
  /** GGUF type id of the linears, and the bytes of `weights` of them. */
  readonly linear: readonly [type: number, bytes: (weights: number) => number];
  readonly metadata: Readonly<Record<string, TypedValue>>;
  readonly subNorms?: boolean;
  readonly qkNorms?: boolean;
  readonly thresholds?: boolean;
  readonly output?: boolean;
  readonly ropeFactors?: boolean;
}

const text = (value: string): TypedValue => ({ type: 'string', value });
const count = (value: number): TypedValue => ({ type: 'u32', value });
const real = (value: number): TypedValue => ({ type: 'f32', value });
const flag = (value: boolean): TypedValue => ({ type: 'bool', value });
const strings = (...value: string[]): TypedValue => ({ type: 'strings', value });
const integers = (...value: number[]): TypedValue => ({ type: 'i32s', value });

const PAIRS = [...'helo wrd!Ġ', 'll', 'he', 'hell', 'hello'];
const CONTROLS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '[[own]]'];

const BYTE_PAIRS: Record<string, TypedValue> = {
  'tokenizer.ggml.model': text('gpt2'),
  'tokenizer.ggml.pre': text('qwen2'),
  'tokenizer.ggml.tokens': strings(...PAIRS, ...CONTROLS),
  'tokenizer.ggml.token_type': integers(...PAIRS.map(() => 1), 3, 3, 3, 4),
  'tokenizer.ggml.merges': strings('l l', 'h e', 'he ll', 'hell o'),
  'tokenizer.ggml.eos_token_id': count(PAIRS.length),
  'tokenizer.ggml.bos_token_id': count(PAIRS.length + 1),
  'tokenizer.ggml.unknown_token_id': count(0),
  'tokenizer.ggml.add_bos_token': flag(true),
  'tokenizer.huggingface.json': text('{}'),
};

const PIECES = ['<unk>', '<s>', '</s>', '<0x68>', '<0x0A>', '▁', ...'helo', 'he', 'll', '▁he'];

const SENTENCES: Record<string, TypedValue> = {
  'tokenizer.ggml.model': text('llama'),
  'tokenizer.ggml.tokens': strings(...PIECES),
  'tokenizer.ggml.scores': { type: 'f32s', value: PIECES.map((_, i) => -i) },
  'tokenizer.ggml.token_type': integers(2, 3, 3, 6, 6, ...PIECES.slice(5).map(() => 1)),
  'tokenizer.ggml.bos_token_id': count(1),
  'tokenizer.ggml.eos_token_id': count(2),
  'tokenizer.ggml.unknown_token_id': count(0),
  'tokenizer.ggml.add_space_prefix': flag(true),
};

const YARN = (arch: string): Record<string, TypedValue> => ({
  [`${arch}.rope.freq_base`]: real(1e6),
  [`${arch}.rope.scaling.type`]: text('yarn'),
  [`${arch}.rope.scaling.factor`]: real(4),
  [`${arch}.rope.scaling.original_context_length`]: count(16),
});

const TEMPLATE = text(
  "{% for m in messages %}{{ m.role ~ ':' ~ m['content'] | trim }}{{ eos_token }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ 'hello' }}{% endif %}",
);

const blocks = (size: number, bytes: number) => (weights: number) => (weights / size) * bytes;
const F32 = [0, (weights: number) => weights * 4] as const;

const KINDS: readonly Kind[] = [
  {
    name: 'bitnet, TQ2_0, byte pairs',
    arch: 'bitnet',
    dim: 256,
    linear: [35, blocks(256, 66)],
    metadata: { ...BYTE_PAIRS, 'tokenizer.chat_template': TEMPLATE },
    subNorms: true,
  },
  {
    name: 'bitnet-b1.58, I2_S, byte pairs',
    arch: 'bitnet-b1.58',
    dim: 128,
    linear: [36, (weights) => weights / 4 + 32],
    metadata: { ...BYTE_PAIRS, 'general.alignment': count(64) },
    subNorms: true,
  },
  {
    name: 'W1A1, byte pairs',
    arch: 'bitnet',
    dim: 128,
    linear: [41, blocks(128, 18)],
    metadata: { ...BYTE_PAIRS, 'pocketbit.activation_bits': count(1) },
    subNorms: true,
    thresholds: true,
  },
  {
    name: 'qwen3, Q2_0, YaRN, byte pairs',
    arch: 'qwen3',
    dim: 64,
    linear: [42, blocks(64, 18)],
    metadata: { ...BYTE_PAIRS, ...YARN('qwen3') },
    qkNorms: true,
  },
  {
    name: 'llama, Q8_0, own head, RoPE factors, SentencePiece',
    arch: 'llama',
    dim: 32,
    linear: [8, blocks(32, 34)],
    metadata: { ...SENTENCES, 'tokenizer.chat_template': TEMPLATE },
    output: true,
    ropeFactors: true,
  },
  {
    name: 'minicpm, F32, YaRN, SentencePiece',
    arch: 'minicpm',
    dim: 32,
    linear: F32,
    metadata: { ...SENTENCES, ...YARN('minicpm'), 'minicpm.logit_scale': real(2) },
  },
];

const HEADS = 2;
const LAYERS = 1;

/** Every original, made anew. */
export function originals(): Original[] {
  return KINDS.map((kind) => {
    const alignment = Number(kind.metadata['general.alignment']?.value ?? 32);
    const tensors = tensorsOf(kind);
    const metadata = Object.entries({ ...shapeOf(kind), ...kind.metadata });
    const writer = writeHeader({ metadata, tensors }, alignment).pad(alignment);
    const weights = tensors.reduce((sum, { bytes }) => sum + padded(bytes.length, alignment), 0);
    return { name: kind.name, header: writer.bytes(), fileSize: writer.length + weights };
  });
}

function padded(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function shapeOf({ arch, dim }: Kind): Record<string, TypedValue> {
  return {
    'general.architecture': text(arch),
    'general.name': text('a ünïcode name'),
    [`${arch}.context_length`]: count(64),
    [`${arch}.embedding_length`]: { type: 'u64', value: dim },
    [`${arch}.block_count`]: count(LAYERS),
    [`${arch}.feed_forward_length`]: count(dim),
    [`${arch}.attention.head_count`]: count(HEADS),
    [`${arch}.attention.head_count_kv`]: count(1),
    [`${arch}.attention.layer_norm_rms_epsilon`]: real(1e-5),
  };
}

type Hollow = Omit<TensorSpec, 'bytes'> & { bytes: { length: number } };

function tensorsOf(kind: Kind): Hollow[] {
  const [type, bytes] = kind.linear;
  const { dim } = kind;
  const vocab = (kind.metadata['tokenizer.ggml.tokens'] as { value: readonly string[] }).value
    .length;
  const vector = (name: string, k: number): Hollow => ({
    name,
    shape: [k],
    type: 0,
    bytes: { length: 4 * k },
  });
  const embedding = (name: string): Hollow => ({
    name,
    shape: [dim, vocab],
    type: 1,
    bytes: { length: 2 * dim * vocab },
  });
  const linear = (name: string, k: number, rows: number): Hollow[] => [
    { name: `${name}.weight`, shape: [k, rows], type, bytes: { length: bytes(k * rows) } },
    ...(kind.thresholds ? [vector(`${name}.act_threshold`, k)] : []),
  ];
  const head = dim / HEADS;
  const layer = (i: number) => {
    const at = (name: string) => `blk.${i}.${name}`;
    return [
      vector(at('attn_norm.weight'), dim),
      ...linear(at('attn_q'), dim, dim),
      ...linear(at('attn_k'), dim, head),
      ...linear(at('attn_v'), dim, head),
      ...linear(at('attn_output'), dim, dim),
      vector(at('ffn_norm.weight'), dim),
      ...linear(at('ffn_gate'), dim, dim),
      ...linear(at('ffn_up'), dim, dim),
      ...linear(at('ffn_down'), dim, dim),
      ...(kind.subNorms ? [vector(at('attn_sub_norm.weight'), dim)] : []),
      ...(kind.subNorms ? [vector(at('ffn_sub_norm.weight'), dim)] : []),
      ...(kind.qkNorms ? ['q', 'k'].map((n) => vector(at(`attn_${n}_norm.weight`), head)) : []),
    ];
  };
  return [
    embedding('token_embd.weight'),
    vector('output_norm.weight', dim),
    ...(kind.output ? [embedding('output.weight')] : []),
    ...(kind.ropeFactors ? [vector('rope_freqs.weight', head / 2)] : []),
    ...Array.from({ length: LAYERS }, (_, i) => layer(i)).flat(),
  ];
}
