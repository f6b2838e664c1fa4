// The same bits in Chromium as in Node, for every artifact.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KV_FORMATS } from '@pocketbit/core';
import { ARTIFACTS } from '@pocketbit/engine';
import { buildCases } from '../conformance/build.mjs';
import { nodeDefaultHash, nodeLogitsHash } from '../support/engine.ts';
import { hashRuns } from '../support/hash-runs.ts';
import { kernelRuns } from '../support/kernel-runs.ts';
import { modelCache } from '../support/paths.ts';
import { expect, test } from './fixtures.ts';

for (const artifact of ARTIFACTS) {
  test(`every kernel case holds: ${artifact}`, async ({ lab }) => {
    mkdirSync(join(modelCache, 'cases'), { recursive: true });
    copyFileSync(await buildCases(artifact), join(modelCache, 'cases', `${artifact}.wasm`));
    const result = await lab.evaluate(
      (url) => window.lab.cases(url),
      `../files/cases/${artifact}.wasm`,
    );
    expect(result.failed).toEqual([]);
    expect(result.passed).toBeGreaterThan(100);
  });
}

for (const artifact of ARTIFACTS) {
  test(`every kernel gives the same logits: ${artifact}`, async ({ lab }) => {
    for (const { name, file, url, ids, options } of kernelRuns()) {
      const expected = await nodeDefaultHash(file, ids, options);
      const found = await lab.evaluate(([a, u, i, o]) => window.lab.hashesByKernels(a, u, i, o), [
        artifact,
        `..${url}`,
        ids,
        options,
      ] as const);
      expect(new Set(Object.values(found)), name).toEqual(new Set([expected]));
    }
  });
}

for (const kv of KV_FORMATS) {
  test(`logits bytes are identical over the artifacts and Node: ${kv} KV`, async ({ lab }) => {
    for (const { name, file, url, ids, options } of hashRuns(kv)) {
      const expected = await nodeLogitsHash('scalar', file, ids, options);
      for (const artifact of ARTIFACTS) {
        const found = await lab.evaluate(([a, u, i, o]) => window.lab.logitsHash(a, u, i, o), [
          artifact,
          `..${url}`,
          ids,
          options,
        ] as const);
        expect(found, name).toEqual({ variant: artifact, probe: 0, sha256: expected });
      }
    }
  });
}
