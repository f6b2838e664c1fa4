// Random-weight models at real shapes for `npm run bench`: files that Pocketbit and llama.cpp both run, where llama.cpp
// knows the type. Rows are multiples of 256 and no answer holds a byte token: @wllama/wllama 3.8.1 dies of text that is
// not UTF-8.
import type { FamilyModel } from './families.ts';
import { PUBLISHED } from './published.ts';

const COMMON = {
  arch: 'bitnet',
  context: 4096,
  ropeBase: 10_000,
  tokenizer: 'gpt-2',
  tiled: true,
  silentBytes: true,
} as const;

/** Width, layers, heads, FFN width and vocabulary. */
const SHAPES = {
  '13m': { dim: 256, layers: 6, heads: 4, kvHeads: 4, headDim: 64, ffn: 768, vocab: 32_000 },
  '125m': { dim: 768, layers: 12, heads: 12, kvHeads: 12, headDim: 64, ffn: 2048, vocab: 50_257 },
  '350m': { dim: 1024, layers: 24, heads: 16, kvHeads: 16, headDim: 64, ffn: 2816, vocab: 50_257 },
  '1.3b': { dim: 2048, layers: 24, heads: 16, kvHeads: 16, headDim: 128, ffn: 5632, vocab: 32_000 },
} as const;

/** The embedding, which is the head too, in the type that goes with each: llama-quantize's for TQ2_0, Bonsai's for Q1_0. */
const KINDS = {
  tq2_0: { linear: 'TQ2_0', embedding: 'Q6_K' },
  q1_0: { linear: 'Q1_0', embedding: 'Q1_0', blockScales: true },
  w1a1: { linear: 'Q1_0', embedding: 'Q6_K', activationBits: 1 },
  i2_s: { linear: 'I2_S', embedding: 'F16' },
} as const satisfies Record<string, Partial<FamilyModel>>;

export type BenchShape = keyof typeof SHAPES;
export type BenchKind = keyof typeof KINDS;

/** Every model of the bench by its name: `125m-tq2_0`, and the published shapes `bonsai-1.7b` and `bitnet-2b4t`. */
export const BENCH_MODELS: Readonly<Record<string, FamilyModel>> = {
  ...Object.fromEntries(
    Object.entries(SHAPES).flatMap(([shape, sizes]) =>
      Object.entries(KINDS).map(([kind, types]) => {
        const name = `${shape}-${kind}`;
        return [name, { ...COMMON, ...sizes, ...types, name } satisfies FamilyModel];
      }),
    ),
  ),
  'bonsai-1.7b': PUBLISHED['bonsai-1.7b'],
  'bitnet-2b4t': PUBLISHED['bitnet-2b4t'],
};

/** The kinds llama.cpp reads; the others are Pocketbit's alone. */
export function sharedWithPeers(name: string): boolean {
  return /-(tq2_0|q1_0)$/.test(name);
}
