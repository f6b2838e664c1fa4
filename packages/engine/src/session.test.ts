import { describe, expect, test } from 'vitest';
import { Listener, openText, TINY } from '../test/text-model.ts';
import type { SamplingOptions } from './options.ts';
import type { SavedSession } from './session.ts';

const CONTEXT = 32;
const SAMPLED = { temperature: 0.9, repeatPenalty: 1.3, minP: 0.01, seed: 5 };
const open = () => openText(TINY, { contextLength: CONTEXT, endless: true });

/** An answer, and the point after each of its tokens, by where it was. */
async function savedAnswer(options: SamplingOptions, contextBytes: number) {
  const { model } = await open();
  const points: SavedSession[] = [];
  const line = new Listener(() => points.push(model.save(contextBytes)!));
  const stats = await model.generate({ prompt: 'once upon', raw: true, ...options }, line);
  return { line, points, stats };
}

// Longer than the context, so that some points lie behind a context shift.
const ANSWERS: [string, SamplingOptions][] = [
  ['greedy', { maxTokens: 10 }],
  ['sampled', { maxTokens: 18, ...SAMPLED }],
  ['shifted', { maxTokens: 36, overflow: 'slide', ...SAMPLED }],
];

describe.each([0, 1e9])('with at most %d bytes of keys and values', (contextBytes) => {
  test.each(ANSWERS)('a %s answer goes on from any token', async (_, options) => {
    const { line, points } = await savedAnswer(options, contextBytes);
    expect(points).toHaveLength(options.maxTokens!);
    const { model } = await open();
    for (const [i, point] of points.entries()) {
      expect([point.answer.length, point.context !== null]).toEqual([i + 1, contextBytes > 0]);
      const rest = new Listener();
      const stats = await model.restore(structuredClone(point), rest);
      expect(rest.ids, `from ${i + 1}`).toEqual(line.ids);
      expect(rest.text).toBe(line.text);
      expect(stats).toMatchObject({ stopReason: 'length', generatedTokens: line.ids.length });
    }
  });

  test('a fresh engine computes the prompt only where its keys were not saved', async () => {
    const { line, points } = await savedAnswer({ maxTokens: 8, ...SAMPLED }, contextBytes);
    const { model } = await open();
    const rest = new Listener();
    const { cachedTokens } = await model.restore(points[4], rest);
    expect(cachedTokens).toBe(contextBytes > 0 ? points[4]!.ids.length - 1 : 0);
    expect(rest.ids).toEqual(line.ids);
  });
});

test('an answer that has ended is given again and stays as it was', async () => {
  const { line } = await savedAnswer({ maxTokens: 6, ...SAMPLED }, 0);
  const { model } = await open();
  const again = new Listener();
  const stats = await model.restore(line.sessions.at(-1), again);
  expect([again.ids, again.text, stats.stopReason]).toEqual([line.ids, line.text, 'length']);
  expect(model.save()).toMatchObject({ stopReason: 'length', answer: Uint32Array.from(line.ids) });
});

const NOT_SAVED = (field: string) => ({
  code: 'integrity',
  message: expect.stringContaining(field),
});
const FOREIGN = (text: string) => ({
  code: 'unsupported',
  message: expect.stringContaining(text),
});
const REFUSED: [string, (saved: SavedSession) => unknown, object][] = [
  ['nothing', () => null, { code: 'integrity' }],
  ['a text', () => 'session', { code: 'integrity' }],
  ['another version', (saved) => ({ ...saved, version: 2 }), FOREIGN('version 2')],
  ['another model', (saved) => ({ ...saved, model: 'other' }), FOREIGN('the model other')],
  ['ids as a list', (saved) => ({ ...saved, ids: [...saved.ids] }), NOT_SAVED('"ids"')],
  ['no answer', ({ answer: _, ...saved }) => saved, NOT_SAVED('"answer"')],
  ['half a prompt', (saved) => ({ ...saved, promptTokens: 1.5 }), NOT_SAVED('"promptTokens"')],
  ['a random state of 33 bits', (saved) => ({ ...saved, random: [2 ** 32, 0] }), NOT_SAVED('"ran')],
  ['a random state of one word', (saved) => ({ ...saved, random: [1] }), NOT_SAVED('"random"')],
  ['options as a list', (saved) => ({ ...saved, options: [] }), NOT_SAVED('"options"')],
  ['a stop text', (saved) => ({ ...saved, options: { stop: 'a' } }), NOT_SAVED('"options"')],
  ['a stop number', (saved) => ({ ...saved, options: { stop: [1] } }), NOT_SAVED('"options"')],
  ['a context of numbers', (saved) => ({ ...saved, context: [1] }), NOT_SAVED('"context"')],
  [
    'a context cut short',
    (saved) => ({ ...saved, context: saved.context!.subarray(9) }),
    { code: 'integrity' },
  ],
  [
    'an id past the vocabulary',
    (saved) => ({ ...saved, ids: Uint32Array.of(1, 320), context: null }),
    FOREIGN('token 320'),
  ],
  [
    'an answer past the vocabulary',
    (saved) => ({ ...saved, answer: Uint32Array.of(1, 99_999) }),
    FOREIGN('99999'),
  ],
  [
    'more ids than the context holds',
    (saved) => ({ ...saved, ids: new Uint32Array(CONTEXT + 1), context: null }),
    { code: 'context-full' },
  ],
  ['no ids', (saved) => ({ ...saved, ids: new Uint32Array() }), { code: 'bad-model' }],
];

test.each(REFUSED)('%s is refused, and the model goes on', async (_, change, error) => {
  const { line, points } = await savedAnswer({ maxTokens: 8, ...SAMPLED }, 1e9);
  const { model } = await open();
  const prompt = { prompt: 'once upon', raw: true, maxTokens: 8, ...SAMPLED };
  await model.generate({ ...prompt, maxTokens: 3 }, new Listener());
  const held = [...model.context.goal];
  await expect(model.restore(change(points[4]!), new Listener())).rejects.toMatchObject(error);
  expect(model.context.goal).toEqual(held);
  const [again, rest] = [new Listener(), new Listener()];
  await model.generate(prompt, again);
  expect(again.ids).toEqual(line.ids);
  await model.restore(points[4], rest);
  expect(rest.ids).toEqual(line.ids);
});

test('there is nothing to save before an answer, and none after logits of other ids', async () => {
  const { model } = await open();
  expect(model.save()).toBeNull();
  const line = new Listener();
  await model.generate({ prompt: 'once upon', raw: true, maxTokens: 3 }, line);
  expect(model.save()).not.toBeNull();
  await model.logits([1, 2, 3], line.signal);
  expect(model.save()).toBeNull();
});
