import { type GgufHeader, readGguf } from '../src/gguf/header.ts';
import { type TypedValue, writeHeader } from './gguf-writer.ts';
import { F32, I2_S } from './tiny-model.ts';

// The shapes and metadata of the published ggml-model-i2_s.gguf of microsoft/bitnet-b1.58-2B-4T,
// without its vocabulary: figures from a loader's listing of that file.
const F16 = 1;
export const LAYERS = 30;
export const VOCAB = 128_256;

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

/** The header of a file of `size` bytes and so many layers. */
export function bitnet2b(layers: number, size: number): Promise<GgufHeader> {
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
