import { describe, expect, test } from 'vitest';
import type { TensorSpec } from '../../test/gguf-writer.ts';
import { grownModel } from '../../test/grown-model.ts';
import { F32, I2_S, Q1_0, type TinyOptions, tensor, tinyModel } from '../../test/tiny-model.ts';
import { PocketbitError } from '../errors.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import type { PlanOptions } from './architecture.ts';
import { planModel } from './plan.ts';

const W1A1 = { 'pocketbit.activation_bits': { type: 'u32', value: 1 } } as const;

async function plan(options: TinyOptions = {}, planOptions?: PlanOptions) {
  return planModel(await readGguf(bytesSource(tinyModel(options))), planOptions);
}

async function refusal(options: TinyOptions, planOptions?: PlanOptions): Promise<PocketbitError> {
  const error = await plan(options, planOptions).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PocketbitError);
  return error as PocketbitError;
}

const without = (name: string) => (tensors: TensorSpec[]) => tensors.filter((t) => t.name !== name);
const changed = (name: string, change: Partial<TensorSpec>) => (tensors: TensorSpec[]) =>
  tensors.map((t) => (t.name === name ? { ...t, ...change } : t));

describe('the config', () => {
  test('comes from the metadata', async () => {
    const { config, name, parameters } = await plan();
    expect(name).toBe('tiny');
    expect(parameters).toBe(
      266 * 256 + 256 + 2 * (3 * 256 + 512 + 256 * (256 * 2 + 128 * 2) + 3 * 256 * 512),
    );
    expect(config).toEqual({
      activation: 'silu',
      activationBits: 8,
      vocab: 266,
      dim: 256,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 64,
      ffn: 512,
      context: 128,
      ropeDims: 64,
      ropeBase: 10_000,
      rmsEps: Math.fround(1e-5),
      tied: true,
      kv: 'int8',
      head: 'int8',
      subNorms: true,
      ropePairing: 'neox',
      qkNorm: false,
      scales: { embedding: 1, residual: 1, logit: 1 },
      ropeScaling: {
        kind: 'none',
        factor: 1,
        originalContext: 1,
        attentionFactor: 1,
        betaFast: 32,
        betaSlow: 1,
        extFactor: 1,
      },
      attentionScale: 0,
    });
  });

  test.each<[string, TinyOptions, object]>([
    ['bitnet is SiLU', {}, { activation: 'silu' }],
    ['bitnet-b1.58 is ReLU²', { arch: 'bitnet-b1.58' }, { activation: 'relu2' }],
    ['bitnet-25 is ReLU²', { arch: 'bitnet-25' }, { activation: 'relu2' }],
    [
      'bitnet that declares it is ReLU²',
      { metadata: { 'bitnet.hidden_activation': { type: 'string', value: 'relu2' } } },
      { activation: 'relu2' },
    ],
    ['I2_S', { linear: I2_S }, { activationBits: 8 }],
    ['W1A1', { linear: Q1_0, metadata: W1A1 }, { activationBits: 1 }],
    [
      'head_count_kv may be absent',
      { metadata: { 'bitnet.attention.head_count_kv': null }, tensors: widerKv },
      { kvHeads: 4 },
    ],
    [
      'an own head',
      { tensors: (t) => [...t, tensor('output.weight', [256, 266], F32)] },
      { tied: false },
    ],
    [
      'no sub-norms',
      { tensors: (t) => t.filter(({ name }) => !name.includes('sub_norm')) },
      { subNorms: false },
    ],
  ])('%s', async (_, options, expected) => {
    expect((await plan(options)).config).toMatchObject(expected);
  });

  test('options choose context, KV and head', async () => {
    const small = await plan({}, { contextLength: 16, kv: 'f32', head: 'f32' });
    expect(small.config).toMatchObject({ context: 16, kv: 'f32', head: 'f32' });
  });
});

function widerKv(tensors: TensorSpec[]): TensorSpec[] {
  return tensors.map((t) =>
    /attn_[kv]\.weight/.test(t.name) ? tensor(t.name, [256, 256], t.type) : t,
  );
}

describe('the tensors', () => {
  test('carry slot, layer and shape in file order', async () => {
    const { tensors } = await plan({ linear: Q1_0, metadata: W1A1 });
    expect(tensors.map(({ offset }) => offset)).toEqual(
      tensors.map(({ offset }) => offset).sort((a, b) => a - b),
    );
    const of = (name: string) => tensors.find((t) => t.name === name);
    expect(of('token_embd.weight')).toMatchObject({
      slot: 'token_embd.weight',
      layer: 0,
      rows: 266,
      k: 256,
    });
    expect(of('blk.1.ffn_down.weight')).toMatchObject({
      slot: 'ffn_down.weight',
      layer: 1,
      rows: 256,
      k: 512,
    });
    expect(of('blk.1.ffn_down.act_threshold')).toMatchObject({
      slot: 'ffn_down.act_threshold',
      layer: 1,
      rows: 1,
      k: 512,
    });
    expect(of('blk.0.attn_sub_norm.weight')).toMatchObject({
      slot: 'attn_sub_norm.weight',
      layer: 0,
      rows: 1,
      k: 256,
    });
  });

  test('I2_S has 32 bytes after its codes', async () => {
    const { tensors } = await plan({ linear: I2_S });
    expect(tensors.find((t) => t.name === 'blk.0.attn_q.weight')!.bytes).toBe(256 * 64 + 32);
  });
});

describe('what is refused', () => {
  test.each<[string, TinyOptions, string, string]>([
    ['another architecture', { arch: 'mamba' }, 'unsupported', '"mamba"'],
    [
      'no architecture',
      { metadata: { 'general.architecture': null } },
      'bad-model',
      'general.architecture',
    ],
    [
      'a missing size',
      { metadata: { 'bitnet.block_count': null } },
      'bad-model',
      'bitnet.block_count',
    ],
    [
      'a size of the wrong type',
      { metadata: { 'bitnet.block_count': { type: 'string', value: '2' } } },
      'bad-model',
      'found',
    ],
    [
      'a size of 2^40',
      { metadata: { 'bitnet.block_count': { type: 'u64', value: 2 ** 40 } } },
      'bad-model',
      '1 to 1024',
    ],
    [
      'heads that do not divide',
      { metadata: { 'bitnet.attention.head_count': { type: 'u32', value: 3 } } },
      'bad-model',
      '3 heads',
    ],
    [
      'KV heads that do not divide',
      { metadata: { 'bitnet.attention.head_count_kv': { type: 'u32', value: 3 } } },
      'bad-model',
      '3 KV heads',
    ],
    [
      'an epsilon of 0',
      { metadata: { 'bitnet.attention.layer_norm_rms_epsilon': { type: 'f32', value: 0 } } },
      'bad-model',
      'epsilon',
    ],
    [
      'LongRoPE',
      { metadata: { 'bitnet.rope.scaling.type': { type: 'string', value: 'longrope' } } },
      'unsupported',
      'longrope',
    ],
    [
      'another activation',
      { metadata: { 'bitnet.hidden_activation': { type: 'string', value: 'gelu' } } },
      'unsupported',
      'gelu',
    ],
    [
      '4-bit activations',
      { metadata: { 'pocketbit.activation_bits': { type: 'u32', value: 4 } } },
      'unsupported',
      'expected 8 or 1',
    ],
    [
      'Hadamard weights',
      { metadata: { 'prism.hadamard.size': { type: 'u32', value: 4 } } },
      'bad-model',
      'Hadamard',
    ],
    [
      'a shard',
      { metadata: { 'split.count': { type: 'u32', value: 2 } } },
      'bad-model',
      'shard of 2',
    ],
    [
      'a vocabulary that contradicts',
      { metadata: { 'bitnet.vocab_size': { type: 'u32', value: 9 } } },
      'bad-model',
      '266 rows',
    ],
    [
      'a missing tensor',
      { tensors: without('blk.1.ffn_up.weight') },
      'bad-model',
      '"blk.1.ffn_up.weight" is missing',
    ],
    ['no embedding', { tensors: without('token_embd.weight') }, 'bad-model', 'token_embd.weight'],
    [
      'half of the sub-norms',
      { tensors: without('blk.1.attn_sub_norm.weight') },
      'bad-model',
      'attn_sub_norm',
    ],
    [
      'an unknown tensor',
      { tensors: (t) => [...t, tensor('blk.0.attn_q.bias', [256], F32)] },
      'unsupported',
      'attn_q.bias',
    ],
    [
      'RoPE frequencies of another length',
      { tensors: (t) => [...t, tensor('rope_freqs.weight', [64], F32)] },
      'bad-model',
      'asks for [32]',
    ],
    [
      'a multiplier per row',
      { tensors: (t) => [...t, tensor('blk.0.attn_q.scale', [256], F32)] },
      'bad-model',
      'asks for [1]',
    ],
    [
      'more tokens than rows',
      { tensors: changed('token_embd.weight', { shape: [256, 265] }) },
      'bad-model',
      '266 entries, and the embedding only 265 rows',
    ],
    [
      'a layer too many',
      { tensors: (t) => [...t, tensor('blk.2.attn_norm.weight', [256], F32)] },
      'unsupported',
      'blk.2',
    ],
    [
      'a wrong shape',
      { tensors: changed('blk.0.attn_norm.weight', { shape: [8] }) },
      'bad-model',
      '[8]; the metadata asks for [256]',
    ],
    ['thresholds without one-bit activations', { linear: Q1_0 }, 'unsupported', 'act_threshold'],
    ['TL1', { tensors: changed('blk.0.attn_q.weight', { type: 38 }) }, 'bad-model', 'tile sizes'],
    ['TL2', { tensors: changed('blk.0.attn_q.weight', { type: 39 }) }, 'bad-model', 'TL2'],
    ['PQ2_0', { tensors: changed('blk.0.attn_q.weight', { type: 142 }) }, 'bad-model', 'PrismML'],
    [
      'a type that is known and not run',
      { tensors: changed('blk.0.attn_q.weight', { type: 10, bytes: new Uint8Array(256 * 84) }) },
      'unsupported',
      'Q2_K; expected',
    ],
    [
      'an epsilon that is no number',
      { metadata: { 'bitnet.attention.layer_norm_rms_epsilon': { type: 'f32', value: NaN } } },
      'bad-model',
      'is NaN; expected a number',
    ],
    [
      'a negative width',
      { metadata: { 'bitnet.embedding_length': { type: 'i32', value: -1 } } },
      'bad-model',
      'is -1; expected',
    ],
    [
      'a quantised norm',
      { tensors: changed('output_norm.weight', { type: 8 }) },
      'unsupported',
      'Q8_0; expected F32, F16, BF16',
    ],
    [
      'W1A1 without a threshold',
      { linear: Q1_0, metadata: W1A1, tensors: without('blk.0.attn_q.act_threshold') },
      'bad-model',
      'act_threshold',
    ],
  ])('%s', async (_, options, code, named) => {
    const error = await refusal(options);
    expect(error.message).toContain(named === 'found' ? '"2"' : named);
    expect(error.code).toBe(code);
  });

  test.each([0, 129, 1.5, Number.NaN])('a context of %d', async (contextLength) => {
    expect(await refusal({}, { contextLength })).toMatchObject({ code: 'unsupported' });
  });
});

test('a matrix of 2^30 weights does not fit', async () => {
  const header = await grownModel(65_536);
  expect(() => planModel(header)).toThrow(
    expect.objectContaining({
      code: 'does-not-fit',
      message: expect.stringContaining('"blk.0.ffn_gate.weight" has 1073741824'),
    }),
  );
});
