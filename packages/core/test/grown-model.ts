import { type GgufHeader, readGguf } from '../src/gguf/header.ts';
import { bytesSource } from '../src/source.ts';
import { tinyModel } from './tiny-model.ts';

/** The header of the tiny model grown: 16,384 wide, with 32 heads of 512 and 16 KV heads. */
export async function grownModel(ffn: number): Promise<GgufHeader> {
  const count = (value: number) => ({ type: 'u32', value }) as const;
  const metadata = {
    'bitnet.embedding_length': count(16_384),
    'bitnet.feed_forward_length': count(ffn),
    'bitnet.attention.head_count': count(32),
    'bitnet.attention.head_count_kv': count(16),
    'bitnet.context_length': count(2 ** 20),
  };
  const header = await readGguf(bytesSource(tinyModel({ metadata })));
  const sizes = new Map([
    [256, 16_384],
    [512, ffn],
    [128, 8192],
  ]);
  const tensors = header.tensors.map((tensor) => {
    const shape = tensor.shape.map((extent) => sizes.get(extent) ?? extent);
    return { ...tensor, shape, elements: shape.reduce((a, b) => a * b, 1) };
  });
  return { ...header, tensors };
}
