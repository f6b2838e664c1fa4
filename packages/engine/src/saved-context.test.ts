import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KV_FORMATS } from '@pocketbit/core';
import { describe, expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { root } from '../../../tests/support/paths.ts';
import { type Artifact, openEngine } from '../../../tools/lib/engine.ts';

const FILE = readFileSync(join(root, 'apps/assistant/public/models/pocketbit-actions.gguf'));
// Long enough for a second chunk of 256 positions.
const IDS = Uint32Array.from({ length: 300 }, (_, i) => (i * 37 + 11) % 500);
const CUT = 270;

async function engineOf(artifact: Artifact, kv: (typeof KV_FORMATS)[number]) {
  return openEngine(await bindEngine(artifact), FILE, { kv, head: 'int8', contextLength: 320 });
}

describe.each(KV_FORMATS)('a context saved with a cache of %s', (kv) => {
  test('goes on in another artifact with the same bytes', async () => {
    const [first, second] = [await engineOf('scalar', kv), await engineOf('simd128', kv)];
    first.forward(IDS.subarray(0, CUT));
    const saved = first.saveContext();
    first.forward(IDS.subarray(CUT));
    second.forward(Uint32Array.of(9, 8, 7));
    second.restoreContext(saved);
    expect(second.ids()).toHaveLength(CUT);
    expect(second.saveContext()).toEqual(saved);
    second.forward(IDS.subarray(CUT));
    expect(second.logits()).toEqual(first.logits());
  }, 60_000);

  test('is refused with a code when its bytes have changed', async () => {
    const engine = await engineOf('simd128', kv);
    engine.forward(IDS.subarray(0, 3));
    const saved = engine.saveContext();
    saved[saved.length - 9]! ^= 1;
    expect(() => engine.restoreContext(saved)).toThrow(
      expect.objectContaining({
        code: 'integrity',
        message: expect.stringMatching(/^a saved context/),
      }),
    );
    expect(engine.ids()).toHaveLength(3);
  });
});
