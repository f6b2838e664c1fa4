import { describe, expect, test } from 'vitest';
import { BUNDLED, Listener, openText, StillClock, TINY } from '../test/text-model.ts';
import type { Engine } from './exports.ts';
import type { TextModel } from './model.ts';
import { samplerSettings } from './options.ts';
import { forward, sampleIds } from './trace.ts';

const SAMPLED = { temperature: 0.9, repeatPenalty: 1.2, topK: 40, topP: 0.95, seed: 3 };
const LONG = { prompt: 'once upon a time '.repeat(9), raw: true };

const promptIds = ({ text }: TextModel, prompt: string) =>
  text.tokenizer.encode(prompt, { addSpecial: true, parseSpecial: true });

describe('an answer', () => {
  test.each([{}, SAMPLED])('is the ids that the engine alone gives, %o', async (options) => {
    const { model } = await openText(BUNDLED);
    const { engine } = await openText(BUNDLED);
    const content = 'set a timer for ten minutes';
    const ids = model.text.chat.encode([{ role: 'user', content }]);
    const { stopIds } = model.text.tokenizer;
    const expected = await sampleIds(engine, model.plan, ids, stopIds, options);
    const line = new Listener();
    const stats = await model.generate({ prompt: content, ...options }, line);
    expect(line.ids).toEqual(expected);
    expect(line.text).toBe(model.text.tokenizer.decode(expected));
    const counts = { generatedTokens: expected.length, promptTokens: ids.length };
    expect(stats).toMatchObject({ stopReason: 'eos', cachedTokens: 0, ...counts });
  });

  test('ends before a stop string that lies over tokens', async () => {
    const { model } = await openText(BUNDLED);
    const whole = new Listener();
    await model.generate({ prompt: 'set a timer for ten minutes' }, whole);
    const stop = whole.text.slice(7, 19);
    const line = new Listener();
    const stats = await model.generate(
      { prompt: 'set a timer for ten minutes', stop: ['never', stop] },
      line,
    );
    expect(line.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(stats.stopReason).toBe('stop');
    expect(line.ids).toEqual(whole.ids.slice(0, line.ids.length));
  });

  test('of no more than so many tokens ends by length', async () => {
    const { model } = await openText(TINY);
    const line = new Listener();
    const stats = await model.generate({ prompt: 'hi', maxTokens: 7 }, line);
    expect([line.ids.length, stats.generatedTokens, stats.stopReason]).toEqual([7, 7, 'length']);
    expect(line.sessions.map(({ answer }) => answer.length)).toEqual([0, 7]);
  });

  test('takes the text of a number for it', () => {
    const text = { temperature: '0.9', repeatPenalty: '1.2', topK: '40', topP: '0.95', seed: '3' };
    expect(samplerSettings(text as object)).toEqual(samplerSettings(SAMPLED));
  });

  test('needs no template where the prompt is raw', async () => {
    const { text } = (await openText(TINY)).model;
    const broken = () => {
      throw new Error('the template is broken');
    };
    const { model } = await openText(TINY, {
      text: Object.defineProperty({ ...text }, 'chat', { get: broken }),
    });
    const line = new Listener();
    await model.generate({ prompt: 'hi', raw: true, maxTokens: 2 }, line);
    expect(line.ids).toHaveLength(2);
    await expect(model.generate({ prompt: 'hi' }, line)).rejects.toThrow(/broken/);
  });
});

describe('an abort', () => {
  test('ends the answer with the token that is being made', async () => {
    const { model } = await openText(TINY);
    const line = new Listener((tokens, { controller }) => {
      if (tokens === 5) controller.abort();
    });
    const stats = await model.generate({ prompt: 'hi', maxTokens: 50 }, line);
    expect([line.ids.length, stats.stopReason]).toEqual([5, 'aborted']);
    expect(line.sessions.at(-1)).toMatchObject({ stopReason: 'aborted' });
  });

  test.each([1, 2, 3])('at pause %i of a prefill leaves the context usable', async (at) => {
    const clock = new StillClock();
    const { model } = await openText(TINY, { clock });
    const line = new Listener();
    let pauses = 0;
    clock.pause = async () => {
      if (++pauses === at) line.controller.abort();
    };
    const stats = await model.generate({ ...LONG, maxTokens: 5 }, line);
    const prompt = promptIds(model, LONG.prompt);
    expect([line.ids, stats.stopReason, pauses]).toEqual([[], 'aborted', at]);
    expect(model.context.length).toBeLessThan(prompt.length);
    expect(Array.from(model.save()!.ids)).toEqual(prompt);
    const [again, fresh] = [new Listener(), new Listener()];
    await model.generate({ ...LONG, maxTokens: 5 }, again);
    await (await openText(TINY)).model.generate({ ...LONG, maxTokens: 5 }, fresh);
    expect(again.ids).toEqual(fresh.ids);
  });
});

/** What a context shift must give: the whole context computed anew each time. */
function shifted(engine: Engine, prompt: number[], capacity: number, tokens: number): number[] {
  const keep = Math.min(prompt.length, capacity >> 2);
  let context = prompt;
  const answer: number[] = [];
  engine.setSampler(samplerSettings(SAMPLED));
  while (answer.length < tokens) {
    engine.truncate(0);
    answer.push(forward(engine, context).sample());
    if (context.length === capacity) {
      const others = context.slice(keep);
      context = [...context.slice(0, keep), ...others.slice(Math.ceil(others.length / 2))];
    }
    context = [...context, answer.at(-1)!];
  }
  return answer;
}

describe('a full context', () => {
  const asked = { prompt: 'once upon a time', raw: true, maxTokens: 120, ...SAMPLED };
  const open = () => openText(TINY, { contextLength: 48, endless: true });

  test('ends the answer, of which the last token is not in it', async () => {
    const { model } = await open();
    const line = new Listener();
    const { stopReason, promptTokens } = await model.generate(asked, line);
    expect(stopReason).toBe('context-full');
    expect(promptTokens + line.ids.length).toBe(48 + 1);
  });

  test('forgets its older half but for the head of the prompt, and goes on', async () => {
    const [{ model }, { engine }] = [await open(), await open()];
    const line = new Listener();
    const stats = await model.generate({ ...asked, overflow: 'slide' }, line);
    expect(stats).toMatchObject({ stopReason: 'length', generatedTokens: 120 });
    const prompt = promptIds(model, asked.prompt);
    expect(model.context.length).toBeLessThanOrEqual(48);
    const head = Math.min(prompt.length, 12);
    expect(model.context.goal.slice(0, head)).toEqual(prompt.slice(0, head));
    expect(line.ids).toEqual(shifted(engine, prompt, 48, 120));
  });

  test('refuses a prompt beyond it and one of nothing, and what was saved stays', async () => {
    const { model } = await open();
    await model.generate({ ...asked, maxTokens: 4 }, new Listener());
    const saved = model.save();
    await expect(model.generate(LONG, new Listener())).rejects.toMatchObject({
      code: 'context-full',
    });
    const nothing = { prompt: '', raw: true };
    await expect(model.generate(nothing, new Listener())).rejects.toMatchObject({
      code: 'bad-model',
    });
    expect(model.save()).toEqual(saved);
  });
});

test('what two prompts share is computed once', async () => {
  const { model } = await openText(TINY);
  const ask = async (prompt: string) => {
    const line = new Listener();
    const stats = await model.generate({ prompt, raw: true, maxTokens: 3 }, line);
    return { ...stats, ids: line.ids };
  };
  const first = await ask('one two three');
  const again = await ask('one two three');
  expect([first.cachedTokens, again.cachedTokens]).toEqual([0, first.promptTokens - 1]);
  expect(again.ids).toEqual(first.ids);
  const [a, b] = ['one two three', 'one two four'].map((text) => promptIds(model, text));
  const shared = a!.findIndex((id, i) => id !== b![i]);
  expect((await ask('one two four')).cachedTokens).toBe(shared);
});

test('a rate is kept by rests, which change no token', async () => {
  const { model } = await openText(TINY);
  const [fast, slow] = [new Listener(), new Listener()];
  const plain = await model.generate({ prompt: 'hi', maxTokens: 9 }, fast);
  const paced = await model.generate({ prompt: 'hi', maxTokens: 9, maxTokensPerSecond: 10 }, slow);
  expect(slow.ids).toEqual(fast.ids);
  expect(plain.pace).toBeUndefined();
  // One rest after each token, the last among them; a still clock shows no time of the engine.
  expect(paced.pace).toEqual({ lowered: false, sleptMs: 900, slowdown: 1 });
});

describe('the guard of the first token', () => {
  const guarded = async () => {
    const log: string[] = [];
    const guard = {
      before: async () => void log.push('before'),
      after: () => void log.push('after'),
    };
    const { model, engine } = await openText(TINY, { guard });
    const begin = engine.begin.bind(engine);
    engine.begin = (ids) => {
      log.push('prefill');
      begin(ids);
    };
    return { model, log };
  };

  test('hears of it once, around prompt and token', async () => {
    const { model, log } = await guarded();
    const line = new Listener(() => log.push('token'));
    await model.generate({ prompt: 'hi', maxTokens: 2 }, line);
    expect(log).toEqual(['before', 'prefill', 'after', 'token', 'token']);
    await model.generate({ prompt: 'hi', maxTokens: 2 }, line);
    expect(log.filter((entry) => entry === 'before' || entry === 'after')).toHaveLength(2);
  });

  test('hears of it again where no token came', async () => {
    const { model, log } = await guarded();
    const line = new Listener();
    line.controller.abort();
    await model.generate({ prompt: 'hi' }, line);
    await model.generate({ prompt: 'hi', maxTokens: 1 }, new Listener());
    expect(log).toEqual(['before', 'before', 'prefill', 'after']);
  });
});

test('a warm-up leaves what the context holds and the logits behind it', async () => {
  const { model, engine } = await openText(TINY);
  const { signal } = new Listener();
  const ids = promptIds(model, 'hi there');
  const logits = await model.logits(ids, signal);
  const context = engine.saveContext();
  let rounds = 0;
  await model.warmUp(() => ++rounds <= 3);
  expect(rounds).toBe(4);
  expect(model.context.goal).toEqual(ids);
  expect(engine.saveContext()).toEqual(context);
  expect(await model.logits(ids, signal)).toEqual(logits);
});

test('ids that the engine refuses leave the context free for others', async () => {
  const { model } = await openText(TINY);
  const { signal } = new Listener();
  const logits = await model.logits([1, 2, 3], signal);
  await expect(model.logits([1, 2, 320], signal)).rejects.toMatchObject({ code: 'unsupported' });
  expect(model.context.goal).toEqual([1, 2]);
  expect(await model.logits([1, 2, 3], signal)).toEqual(logits);
});

test('the kernels of every matrix are told', async () => {
  const { model } = await openText(BUNDLED);
  const matrices = model.plan.tensors.filter(({ family }) => family !== null);
  const told = model.kernels();
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const shapeOf = ({ name, layer, rows, k, family }: (typeof told)[number]) => ({
    ...{ name, layer, rows, k, family },
  });
  expect(told.map(shapeOf).sort(byName)).toEqual(
    matrices
      .map(({ name, layer, rows, k, family }) => ({ name, layer, rows, k, family }))
      .sort(byName),
  );
});
