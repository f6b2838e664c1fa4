import { describe, expect, test } from 'vitest';
import type { TensorSpec, TypedValue } from '../../test/gguf-writer.ts';
import { F32, type TinyOptions, TQ2_0, tensor, tinyModel } from '../../test/tiny-model.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { planModel } from './plan.ts';

const HEAD_DIM = 64;

async function plan(options: TinyOptions) {
  return planModel(await readGguf(bytesSource(tinyModel(options))));
}

const text = (value: string): TypedValue => ({ type: 'string', value });
const real = (value: number): TypedValue => ({ type: 'f32', value });
const count = (value: number): TypedValue => ({ type: 'u32', value });

const withoutSubNorms = (tensors: TensorSpec[]) =>
  tensors.filter(({ name }) => !name.includes('sub_norm'));
const withHeadNorms = (tensors: TensorSpec[]) => [
  ...withoutSubNorms(tensors),
  ...[0, 1].flatMap((layer) =>
    ['q', 'k'].map((which) => tensor(`blk.${layer}.attn_${which}_norm.weight`, [HEAD_DIM], F32)),
  ),
];

describe('architectures', () => {
  test('llama turns pairs of neighbours, with rope frequencies where the file has them', async () => {
    const frequencies = tensor('rope_freqs.weight', [HEAD_DIM / 2], F32);
    const { config, tensors } = await plan({
      arch: 'llama',
      tensors: (t) => [...withoutSubNorms(t), frequencies],
    });
    expect(config).toMatchObject({ ropePairing: 'norm', qkNorm: false, activation: 'silu' });
    expect(tensors.find((t) => t.slot === 'rope_freqs.weight')).toMatchObject({
      layer: 0,
      rows: 1,
      k: 32,
    });
  });

  test('qwen3 has a norm for query and key heads', async () => {
    const { config, tensors } = await plan({ arch: 'qwen3', tensors: withHeadNorms });
    expect(config).toMatchObject({ ropePairing: 'neox', qkNorm: true });
    expect(tensors.filter((t) => /_[qk]_norm/.test(t.slot))).toHaveLength(4);
    await expect(plan({ arch: 'qwen3', tensors: withoutSubNorms })).rejects.toMatchObject({
      code: 'bad-model',
      message:
        'The tensor "blk.0.attn_q_norm.weight" and 3 more is missing. Download the file again, or use another.',
    });
  });

  test('minicpm has scales, of its first model where the file has none', async () => {
    const first = await plan({ arch: 'minicpm', tensors: withoutSubNorms });
    expect(first.config.scales).toEqual({ embedding: 12, residual: 1.4 / Math.sqrt(2), logit: 1 });
    const stated = await plan({
      arch: 'minicpm',
      tensors: withoutSubNorms,
      metadata: {
        'minicpm.embedding_scale': real(2),
        'minicpm.residual_scale': real(0.5),
        'minicpm.logit_scale': real(4),
      },
    });
    expect(stated.config.scales).toEqual({ embedding: 2, residual: 0.5, logit: 0.25 });
    expect(stated.config).toMatchObject({ ropePairing: 'norm', qkNorm: false });
  });

  test('a linear may have a multiplier', async () => {
    const scale = tensor('blk.1.ffn_down.scale', [1], F32);
    const { tensors } = await plan({ tensors: (t) => [...t, scale] });
    expect(tensors.at(-1)).toMatchObject({ slot: 'ffn_down.scale', layer: 1, rows: 1, k: 1 });
  });
});

test.each([
  [TQ2_0, 'W1.58A8'],
  [F32, 'W8A8'],
])('linears of type %i are run as %s', async (linear, scheme) => {
  expect((await plan({ linear })).scheme).toBe(scheme);
});

describe('RoPE', () => {
  const scaled = (metadata: Record<string, TypedValue>) =>
    plan({ metadata }).then(({ config }) => config.ropeScaling);

  test('YaRN takes its numbers from the metadata, else the usual ones', async () => {
    const yarn = {
      'bitnet.rope.scaling.type': text('yarn'),
      'bitnet.rope.scaling.factor': real(4),
      'bitnet.rope.scaling.original_context_length': count(32),
    };
    const usual = {
      kind: 'yarn',
      factor: 4,
      originalContext: 32,
      attentionFactor: 1,
      betaFast: 32,
      betaSlow: 1,
      extFactor: 1,
    };
    expect(await scaled(yarn)).toEqual(usual);
    const own = { ...yarn, 'bitnet.rope.scaling.yarn_beta_fast': real(16) };
    expect(await scaled(own)).toEqual({ ...usual, betaFast: 16 });
  });

  test('a context shorter than the one that YaRN stretched is told', async () => {
    const metadata = {
      'bitnet.rope.scaling.type': text('yarn'),
      'bitnet.rope.scaling.original_context_length': count(8192),
    };
    await expect(plan({ metadata })).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('is 8192, and "bitnet.context_length" is 128'),
    });
  });

  test('a context longer than the one that YaRN stretched to is told', async () => {
    const yarn = (factor: number) => ({
      'bitnet.rope.scaling.type': text('yarn'),
      'bitnet.rope.scaling.factor': real(factor),
      'bitnet.rope.scaling.original_context_length': count(32),
    });
    await expect(plan({ metadata: yarn(2) })).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('is 128: YaRN by 2 does not stretch one to the other'),
    });
    expect((await plan({ metadata: yarn(3.999) })).config.ropeScaling.kind).toBe('yarn');
  });

  test('linear scaling by 0 or 1, or without a type, is none', async () => {
    const factor = (value: number) => ({ 'bitnet.rope.scaling.factor': real(value) });
    expect(await scaled(factor(0))).toMatchObject({ kind: 'none' });
    expect(await scaled(factor(1))).toMatchObject({ kind: 'none' });
    expect(await scaled(factor(2))).toMatchObject({ kind: 'linear', factor: 2 });
  });

  test('a base that contradicts the vocabulary is told', async () => {
    const tokens = Array.from({ length: 128_256 }, (_, i) => `t${i}`);
    const metadata = {
      'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    } as const;
    await expect(plan({ metadata })).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('is absent, which means 10000'),
    });
  });
});
