import { bytesSource, createChat, createTokenizer, planModel, readGguf } from '@pocketbit/core';
import { describe, expect, test } from 'vitest';
import { type FamilyModel, familyFile } from '../../../tests/models/families.ts';
import { SAME_WEIGHTS, SMALL_MODELS } from '../../../tests/models/published.ts';
import { ggufParts } from '../../../tests/models/random.ts';
import { tokenizerMetadata } from '../../../tests/models/tokenizers.ts';
import { bindEngine } from '../../../tests/support/engine.ts';
import { engineOf } from '../../../tools/lib/engine.ts';
import { sizePlan } from './memory.ts';

const file = (model: FamilyModel) =>
  new Uint8Array(Buffer.concat([...ggufParts(familyFile(model, 1))]));

async function run(model: FamilyModel) {
  const source = bytesSource(file(model));
  const header = await readGguf(source);
  const exports = await bindEngine('simd128');
  const plan = sizePlan(exports, planModel(header));
  const engine = await engineOf(exports, plan, source);
  const chat = createChat(header, createTokenizer(header));
  engine.forward(Uint32Array.from(chat.encode([{ role: 'user', content: 'hello there' }])));
  return { plan, engine, logits: engine.logits() };
}

describe('a file of each family', () => {
  test.each(SMALL_MODELS.map((model) => [model.name, model] as const))('%s', async (_, model) => {
    const { plan, engine, logits } = await run(model);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBeGreaterThan(model.vocab / 2);
    // The engine's list of ids grows as the context fills, by 4 bytes a position.
    const spare = plan.residentBytes - engine.residentBytes;
    expect(spare).toBeGreaterThanOrEqual(0);
    expect(spare).toBeLessThanOrEqual(plan.config.context * 4);
  });

  test('the same ternary weights give the same logits in every encoding', async () => {
    const rows = await Promise.all(SAME_WEIGHTS.map(run));
    const [f16, q8, ...packed] = rows.map(({ logits }) => logits);
    expect(q8).toEqual(f16);
    for (const logits of packed) expect(logits).toEqual(packed[0]);
    // Float-like types become int8 rows: codes of ±127 whose scales round once more.
    for (const [i, logit] of f16!.entries())
      expect(Math.abs(logit - packed[0]![i]!)).toBeLessThan(1e-4);
  });
});

test('BitNet 2B-4T’s vocabulary is known without a pre-tokenizer and an end of turn', async () => {
  const metadata = new Map(tokenizerMetadata('bitnet-2b4t', 128_256));
  expect(metadata.has('tokenizer.ggml.pre')).toBe(false);
  const file = Buffer.concat([...ggufParts({ metadata, tensors: [] })]);
  const header = await readGguf(bytesSource(new Uint8Array(file)));
  const tokenizer = createTokenizer(header);
  const eot = tokenizer.controlId('<|eot_id|>')!;
  expect(tokenizer.stopIds.has(eot)).toBe(true);
  const chat = createChat(header, tokenizer);
  const ids = chat.encode([{ role: 'user', content: '1234 abcd' }]);
  // The generated vocabulary has no entry of several digits or with a space.
  expect(
    ids
      .map((id) => tokenizer.tokenText(id))
      .slice(-14)
      .join('|'),
  ).toBe('Ġ|1|2|3|4|Ġ|abcd|<|eot_id|>|A|ss|ist|ant|:|Ġ');
}, 30_000);
