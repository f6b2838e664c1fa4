import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource, HEAD_FORMATS, planModel, readGguf } from '@pocketbit/core';
import { expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { root } from '../../../tests/support/paths.ts';
import { type Artifact, openEngine } from '../../../tools/lib/engine.ts';
import { sizePlan } from './memory.ts';

const FILE = readFileSync(join(root, 'apps/assistant/public/models/pocketbit-actions.gguf'));
const IDS = Uint32Array.from({ length: 48 }, (_, i) => (i * 37 + 11) % 500);

type Head = (typeof HEAD_FORMATS)[number];

async function logitsOf(artifact: Artifact, head: Head) {
  const options = { kv: 'f32', head, contextLength: 64 } as const;
  const exports = await bindEngine(artifact);
  const engine = await openEngine(exports, FILE, options);
  engine.forward(IDS);
  const plan = sizePlan(exports, planModel(await readGguf(bytesSource(FILE)), options));
  const spare = plan.residentBytes - engine.residentBytes;
  expect(spare).toBeGreaterThanOrEqual(0);
  expect(spare).toBeLessThanOrEqual(4 * plan.config.context);
  return engine.logits();
}

test.each(HEAD_FORMATS)('a head of %s gives every artifact the same bytes', async (head) => {
  expect(await logitsOf('simd128', head)).toEqual(await logitsOf('scalar', head));
});

// Measured on the bundled model, against a head and embedding in floats: 0.022 and 0.133 of the logits' deviation.
test.each([
  ['int8', 0.04],
  ['int4', 0.2],
] as const)('a head of %s stays near the floats', async (head, max) => {
  const [exact, rounded] = [await logitsOf('simd128', 'f32'), await logitsOf('simd128', head)];
  const error = Math.hypot(...exact.map((value, i) => value - rounded[i]!));
  const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
  const spread = Math.hypot(...exact.map((value) => value - mean));
  console.log(`head ${head}: rms error ${(error / spread).toFixed(4)} of the logits' deviation`);
  expect(error / spread).toBeLessThan(max);
});
