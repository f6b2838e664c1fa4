import { expect, test } from 'vitest';
import { bitnet2b, LAYERS } from '../../test/bitnet-2b.ts';
import { planModel } from './plan.ts';

test('BitNet 2B-4T plans before a weight is read', async () => {
  const read = await bitnet2b(LAYERS, 1_187_801_280);
  expect(read.tensors).toHaveLength(332);
  const plan = planModel(read);
  expect(plan.parameters).toBe(2_412_820_480);
  expect(plan.config).toMatchObject({
    activation: 'relu2',
    headDim: 128,
    tied: true,
    context: 2048,
  });
});
