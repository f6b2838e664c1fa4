import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type FamilyModel, familyFile } from '../../../tests/models/families.ts';
import { ggufParts } from '../../../tests/models/random.ts';
import { bindEngine } from '../../../tests/support/engine.ts';
import { kernelRuns } from '../../../tests/support/kernel-runs.ts';
import { type Artifact, hashesByKernels } from '../../../tools/lib/engine.ts';
import { KERNEL_FAMILIES } from './kernels.ts';

const RUNS = kernelRuns();

async function hashes(artifact: Artifact, { file, ids, options }: (typeof RUNS)[number]) {
  return hashesByKernels(await bindEngine(artifact), readFileSync(file), ids, options);
}

describe('the kernels of simd128 give the bytes of scalar', () => {
  test.each(RUNS.map((run) => [run.name, run.options.head, run] as const))(
    '%s, %s head',
    async (_, __, run) => {
      const { default: expected } = await hashes('scalar', run);
      const found = await hashes('simd128', run);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((key) => [key, expected])));
    },
  );
});

test('the runs meet every family', async () => {
  const found = await Promise.all(RUNS.map((run) => hashes('simd128', run)));
  const names = found.flatMap((own) => Object.keys(own).map((key) => key.split(' ')[0]));
  for (const family of KERNEL_FAMILIES) expect(names).toContain(family);
});

/** Its keys and values have 32 rows, and blocks of binary weights have 64 in one layout and 1 in the other. */
const NARROW: FamilyModel = {
  ...{ name: 'narrow-w1a1', arch: 'bitnet', tokenizer: 'llama3', linear: 'Q1_0', embedding: 'F16' },
  ...{ dim: 256, layers: 1, heads: 8, kvHeads: 1, headDim: 32, ffn: 256, vocab: 512 },
  ...{ context: 128, ropeBase: 10_000, activationBits: 1 },
};

test('binary rows that fill no block load by every pair', async () => {
  const file = new Uint8Array(Buffer.concat([...ggufParts(familyFile(NARROW, 1))]));
  const hashesOf = async (artifact: Artifact) =>
    hashesByKernels(await bindEngine(artifact), file, [1, 2, 3], { kv: 'int8', head: 'int8' });
  const { default: expected } = await hashesOf('scalar');
  const found = await hashesOf('simd128');
  expect(Object.keys(found)).toContain('binary lookup lookup');
  expect(new Set(Object.values(found))).toEqual(new Set([expected]));
});
