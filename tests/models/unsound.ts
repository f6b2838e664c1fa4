// Models whose shapes or numbers no kernel may meet: whole files with one tensor or one entry spoilt.
import type { Hostile } from './hostile.ts';
import { ggufParts, type RandomFile, type RandomTensor, randomFile, TINY } from './random.ts';

const LINEAR = 'blk.1.ffn_up.weight';
const NORM = 'blk.1.ffn_norm.weight';
const EMBEDDING = 'token_embd.weight';
/** Of binary16. */
const [NAN, INFINITY] = [0x7e00, 0x7c00];
const TQ2_BYTES = 66;
const TQ2_SCALE_AT = 64;

function spoilt(name: string, change: (tensor: RandomTensor) => RandomTensor): Uint8Array {
  return written((file) => ({
    ...file,
    tensors: file.tensors.map((tensor) => (tensor.name === name ? change(tensor) : tensor)),
  }));
}

function written(change: (file: RandomFile) => RandomFile): Uint8Array {
  return Buffer.concat([...ggufParts(change(randomFile(TINY, 1)))]);
}

function shaped(name: string, shape: number[], bytes: number): Uint8Array {
  return spoilt(name, (tensor) => ({
    ...tensor,
    shape,
    bytes,
    parts: () => [new Uint8Array(bytes)],
  }));
}

/** With a half or, in a vector, a float written at a byte of the tensor. */
function withValue(name: string, at: number, value: { f16: number } | { f32: number }): Uint8Array {
  return spoilt(name, (tensor) => ({
    ...tensor,
    parts: () => {
      const bytes = Buffer.concat([...tensor.parts()]);
      if ('f16' in value) bytes.writeUInt16LE(value.f16, at);
      else bytes.writeFloatLE(value.f32, at);
      return [bytes];
    },
  }));
}

const inLastBlock = (TINY.dim * TINY.ffn * TQ2_BYTES) / 256 - TQ2_BYTES + TQ2_SCALE_AT;

/** Every unsound file, made anew. */
export function unsoundFiles(): Hostile[] {
  const wide = new Map(randomFile(TINY, 1).metadata).set('bitnet.feed_forward_length', {
    type: 'u32',
    value: 2 ** 17,
  });
  const refusal = { code: 'bad-model' } as const;
  return [
    {
      ...refusal,
      name: 'row-of-no-whole-block',
      bytes: shaped(LINEAR, [384, TINY.ffn], 1.5 * TINY.ffn * TQ2_BYTES),
      says: /blk\.1\.ffn_up\.weight.*384.*256/,
    },
    {
      ...refusal,
      name: 'no-rows',
      bytes: shaped(LINEAR, [TINY.dim, 0], 0),
      says: /blk\.1\.ffn_up\.weight.*256,0/,
    },
    {
      ...refusal,
      name: 'rows-beyond-exact-sums',
      bytes: written((file) => ({ ...file, metadata: wide })),
      says: /feed_forward_length.*131072.*65536/,
    },
    {
      ...refusal,
      name: 'nan-scale',
      bytes: withValue(LINEAR, inLastBlock, { f16: NAN }),
      says: /blk\.1\.ffn_up\.weight.*512.*256.*not finite|not finite.*blk\.1\.ffn_up\.weight/,
    },
    {
      ...refusal,
      name: 'infinite-scale',
      bytes: withValue(LINEAR, TQ2_SCALE_AT, { f16: INFINITY }),
      says: /blk\.1\.ffn_up\.weight/,
    },
    {
      ...refusal,
      name: 'nan-norm',
      bytes: withValue(NORM, 4 * 7, { f32: Number.NaN }),
      says: /blk\.1\.ffn_norm\.weight/,
    },
    {
      ...refusal,
      name: 'infinite-embedding',
      bytes: withValue(EMBEDDING, 2 * TINY.dim * 5, { f16: INFINITY }),
      says: /token_embd\.weight/,
    },
  ];
}

/** A sound file whose first norm is so large that activations overflow: told by the first token. */
export function overflowingFile(): Hostile {
  const bytes = spoilt('blk.0.attn_norm.weight', (tensor) => ({
    ...tensor,
    parts: () => [Buffer.from(new Float32Array(TINY.dim).fill(3e38).buffer)],
  }));
  return { name: 'overflowing-norm', bytes, code: 'bad-model', says: /activations are not finite/ };
}
