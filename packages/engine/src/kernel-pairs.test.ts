import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
