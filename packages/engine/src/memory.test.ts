import {
  bytesSource,
  type GgufHeader,
  type PlanOptions,
  planModel,
  readGguf,
} from '@pocketbit/core';
import { expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { bitnet2b, LAYERS, VOCAB } from '../../core/test/bitnet-2b.ts';
import { grownModel } from '../../core/test/grown-model.ts';
import { F32, type TinyOptions, tensor, tinyModel } from '../../core/test/tiny-model.ts';
import { sizePlan } from './memory.ts';

const exports = await bindEngine('scalar');
const sized = (header: GgufHeader, options?: PlanOptions) =>
  sizePlan(exports, planModel(header, options));
const tiny = async (options: TinyOptions = {}, planOptions?: PlanOptions) =>
  sized(await readGguf(bytesSource(tinyModel(options))), planOptions);

test('resident bytes are their parts', async () => {
  const { weightBytes, kvBytes, scratchBytes, residentBytes } = await tiny();
  expect(residentBytes).toBe(weightBytes + kvBytes + scratchBytes);
  expect(kvBytes).toBe(2 * 2 * 2 * 128 * (64 + 4));
});

test('a cache of floats, and quantised rows in blocks of four positions', async () => {
  const small = await tiny({}, { contextLength: 16, kv: 'f32', head: 'f32' });
  expect(small.kvBytes).toBe(2 * 2 * 2 * 16 * 64 * 4);
  const packed = await tiny({}, { contextLength: 17, kv: 'int4' });
  expect(packed.kvBytes).toBe(2 * 2 * 2 * 20 * (64 / 2 + 4));
});

test('a multiplier takes no room', async () => {
  const scale = tensor('blk.1.ffn_down.scale', [1], F32);
  const { weightBytes } = await tiny({ tensors: (t) => [...t, scale] });
  expect(weightBytes).toBe((await tiny()).weightBytes);
});

test('the size of BitNet 2B-4T is known before a weight is read', async () => {
  const plan = sized(await bitnet2b(LAYERS, 1_187_801_280));
  const ternary = 2_084_044_800 / 4;
  const embedding = VOCAB * (2560 + 4);
  const norms = 4 * (2560 + LAYERS * (3 * 2560 + 6912));
  expect(plan.weightBytes).toBe(ternary + embedding + norms);
  expect(plan.kvBytes).toBe(2 * LAYERS * 2048 * 5 * (128 + 4));
});

test('a model over 4 GiB is refused with the figures', async () => {
  const read = await bitnet2b(300, 2 ** 33);
  const bytes = 300 * (2_084_044_800 / 4 / LAYERS);
  expect(bytes).toBeGreaterThan(4 * 2 ** 30);
  expect(() => sized(read, { contextLength: 512 })).toThrow(/takes \d{10} bytes .* 512 positions/);
});

test('scratch that 32 bits do not count is counted', async () => {
  const plan = planModel(await readGguf(bytesSource(tinyModel())));
  const config = { ...plan.config, heads: 1024, kvHeads: 1, context: 2 ** 20 };
  expect(() => sizePlan(exports, { ...plan, tensors: [], config })).toThrow(
    expect.objectContaining({ code: 'does-not-fit' }),
  );
});

test('a context that no wasm memory holds is refused', async () => {
  const header = await grownModel(32_768);
  expect(sized(header).residentBytes).toBeLessThan(4 * 2 ** 30);
  const contextLength = 2 ** 18;
  expect(() => sized(header, { contextLength })).toThrow(
    expect.objectContaining({
      code: 'does-not-fit',
      message: expect.stringContaining('262144 positions'),
    }),
  );
});
