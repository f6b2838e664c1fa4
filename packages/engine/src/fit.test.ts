import { bytesSource, type GgufHeader, PocketbitError, planModel, readGguf } from '@pocketbit/core';
import { expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { grownModel } from '../../core/test/grown-model.ts';
import { tinyModel } from '../../core/test/tiny-model.ts';
import { fitOf, planAsked, planToFit } from './fit.ts';
import { sizePlan } from './memory.ts';

const exports = await bindEngine('scalar');

/** A model made for a context of 4096, which is loaded with 2048 by default. */
function header(): Promise<GgufHeader> {
  const metadata = { 'bitnet.context_length': { type: 'u32', value: 4096 } } as const;
  return readGguf(bytesSource(tinyModel({ metadata })));
}

const needed = (head: GgufHeader, contextLength: number) => {
  const { residentBytes, tokenizerBytes } = sizePlan(exports, planModel(head, { contextLength }));
  return residentBytes + tokenizerBytes;
};

function refusal(work: () => unknown): PocketbitError {
  try {
    work();
  } catch (error) {
    if (error instanceof PocketbitError) return error;
  }
  throw new Error('nothing was refused');
}

test('what fits is planned as asked', async () => {
  const head = await header();
  const limits = { budgetBytes: needed(head, 2048) };
  expect(planToFit(exports, head, {}, limits)).toMatchObject({
    plan: { config: { context: 2048 } },
    reducedFrom: null,
  });
  expect(fitOf(exports, head, {}, limits).fit).toMatchObject({
    fits: true,
    suggestedContext: 2048,
  });
});

test('one byte less is refused, with the largest context that fits', async () => {
  const head = await header();
  const error = refusal(() =>
    planToFit(exports, head, {}, { budgetBytes: needed(head, 2048) - 1 }),
  );
  expect(error.code).toBe('does-not-fit');
  expect(error.details).toMatchObject({
    fits: false,
    contextLength: 2048,
    neededBytes: needed(head, 2048),
    budgetBytes: needed(head, 2048) - 1,
    suggestedContext: 2048 - 64,
  });
  expect(error.message).toContain('1984');
});

test('every budget gets the largest multiple of 64 that fits it', async () => {
  const head = await header();
  for (let context = 256; context < 2048; context += 64) {
    const { plan, reducedFrom } = planToFit(
      exports,
      head,
      {},
      { budgetBytes: needed(head, context) + 1, fit: 'shrink' },
    );
    expect([plan.config.context, reducedFrom]).toEqual([context, 2048]);
  }
});

test('where not even 256 positions fit, nothing is suggested, and shrinking refuses too', async () => {
  const head = await header();
  const limits = { budgetBytes: needed(head, 256) - 1, fit: 'shrink' } as const;
  expect(refusal(() => planToFit(exports, head, {}, limits)).details).toMatchObject({
    suggestedContext: null,
  });
});

test('after a crash no more than the advised context is planned, unless that is ignored', async () => {
  const head = await header();
  const careful = planToFit(exports, head, {}, { maxContext: 700 });
  expect([careful.plan.config.context, careful.reducedFrom]).toEqual([700, 2048]);
  const ignored = planToFit(exports, head, {}, { maxContext: 700, budgetBytes: 1, fit: 'ignore' });
  expect([ignored.plan.config.context, ignored.reducedFrom]).toEqual([2048, null]);
});

test('a context that no wasm32 memory holds is shrunk too', async () => {
  const metadata = {
    'bitnet.context_length': { type: 'u32', value: 2 ** 20 },
    'bitnet.attention.key_length': { type: 'u32', value: 64 },
  } as const;
  const head = await readGguf(bytesSource(tinyModel({ metadata })));
  const asked = { contextLength: 2 ** 20, kv: 'f32' } as const;
  const { fit } = fitOf(exports, head, asked, { budgetBytes: 64e6 });
  expect(fit.fits).toBe(false);
  const { plan, reducedFrom } = planToFit(exports, head, asked, {
    budgetBytes: 64e6,
    fit: 'shrink',
  });
  expect(plan.config.context).toBe(fit.suggestedContext);
  expect(plan.residentBytes + plan.tokenizerBytes).toBeLessThanOrEqual(64e6);
  expect(reducedFrom).toBe(2 ** 20);
});

test('a matrix that no wasm32 memory holds is refused with numbers, by a plan made before too', async () => {
  const head = await grownModel(65_536);
  const limits = { budgetBytes: 64e6, fit: 'shrink' } as const;
  const { fit } = fitOf(exports, head, {}, limits);
  expect(fit).toMatchObject({ fits: false, budgetBytes: 64e6, suggestedContext: null });
  const early = planAsked(head, {});
  const error = refusal(() => planToFit(exports, head, {}, limits, early));
  expect([error.code, error.details]).toEqual(['does-not-fit', fit]);
});
