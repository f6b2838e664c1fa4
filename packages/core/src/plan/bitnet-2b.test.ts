import { expect, test } from 'vitest';
import { type TypedValue, writeHeader } from '../../test/gguf-writer.ts';
import { F32, I2_S } from '../../test/tiny-model.ts';
import { readGguf } from '../gguf/header.ts';
import { planModel } from './plan.ts';

// The shapes and metadata of the published ggml-model-i2_s.gguf of microsoft/bitnet-b1.58-2B-4T,
// without its vocabulary: figures from a loader's listing of that file.
const F16 = 1;
const LAYERS = 30;
const VOCAB = 128_256;

function header(layers: number) {
  const arch = 'bitnet-b1.58';
  const count = (value: number): TypedValue => ({ type: 'u32', value });
  const real = (value: number): TypedValue => ({ type: 'f32', value });
  const metadata: [string, TypedValue][] = [
    ['general.architecture', { type: 'string', value: arch }],
    [`${arch}.vocab_size`, count(VOCAB)],
    [`${arch}.context_length`, count(4096)],
    [`${arch}.embedding_length`, count(2560)],
    [`${arch}.block_count`, count(layers)],
    [`${arch}.feed_forward_length`, count(6912)],
    [`${arch}.rope.dimension_count`, count(128)],
    [`${arch}.attention.head_count`, count(20)],
    [`${arch}.attention.head_count_kv`, count(5)],
    [`${arch}.attention.layer_norm_rms_epsilon`, real(1e-5)],
    [`${arch}.rope.freq_base`, real(500_000)],
  ];
  const tensor = (name: string, type: number, bytes: number, ...shape: number[]) => ({
    name: `${name}.weight`,
    shape,
    type,
    bytes: { length: bytes },
  });
  const vector = (name: string, k: number) => tensor(name, F32, k * 4, k);
  const linear = (name: string, k: number, rows: number) =>
    tensor(name, I2_S, (k * rows) / 4 + 32, k, rows);
  const layer = (at: string) => [
    vector(`${at}.attn_norm`, 2560),
    vector(`${at}.attn_sub_norm`, 2560),
    linear(`${at}.attn_q`, 2560, 2560),
    linear(`${at}.attn_k`, 2560, 640),
    linear(`${at}.attn_v`, 2560, 640),
    linear(`${at}.attn_output`, 2560, 2560),
    vector(`${at}.ffn_norm`, 2560),
    vector(`${at}.ffn_sub_norm`, 6912),
    linear(`${at}.ffn_gate`, 2560, 6912),
    linear(`${at}.ffn_up`, 2560, 6912),
    linear(`${at}.ffn_down`, 6912, 2560),
  ];
  const tensors = [
    tensor('token_embd', F16, 2560 * VOCAB * 2, 2560, VOCAB),
    vector('output_norm', 2560),
    ...Array.from({ length: layers }, (_, i) => layer(`blk.${i}`)).flat(),
  ];
  return { metadata, tensors };
}

function readHeader(layers: number, size: number) {
  const bytes = writeHeader(header(layers), 32).pad(32).bytes();
  return readGguf({
    size,
    read: async (offset, length) => {
      const window = new Uint8Array(length);
      window.set(bytes.subarray(offset, offset + length));
      return window;
    },
  });
}

test('BitNet 2B-4T plans, and its size is known before a weight is read', async () => {
  const read = await readHeader(LAYERS, 1_187_801_280);
  expect(read.tensors).toHaveLength(332);
  const plan = planModel(read);
  expect(plan.parameters).toBe(2_412_820_480);
  expect(plan.config).toMatchObject({
    activation: 'relu2',
    headDim: 128,
    tied: true,
    context: 2048,
  });
  const ternary = 2_084_044_800 / 4;
  const embedding = VOCAB * (2560 + 4);
  const norms = 4 * (2560 + LAYERS * (3 * 2560 + 6912));
  expect(plan.weightBytes).toBe(ternary + embedding + norms);
  expect(plan.kvBytes).toBe(2 * LAYERS * 2048 * 5 * (128 + 4));
});

test('a model over 4 GiB is refused with the figures', async () => {
  const read = await readHeader(300, 2 ** 33);
  const bytes = 300 * (2_084_044_800 / 4 / LAYERS);
  expect(bytes).toBeGreaterThan(4 * 2 ** 30);
  expect(() => planModel(read, { contextLength: 512 })).toThrow(
    /takes \d{10} bytes .* 512 positions/,
  );
});
