// The public API in a page: streaming, cancelling, and what one model at a time means.
import { expect, test } from './fixtures.ts';

const MODEL = '../models/pocketbit-actions.gguf';
const STORY = 'Tell me a story about a fox';

test('streams chunks that make up the whole answer', async ({ lab }) => {
  const answer = await lab.evaluate(
    async ([model, prompt]) => {
      const { load } = window.lab.pocketbit;
      const loaded = await load(model!);
      const stream = loaded.generate(prompt!);
      let text = '';
      const ids: number[] = [];
      for await (const chunk of stream) {
        text += chunk.text;
        ids.push(...chunk.ids);
      }
      return { text, ids, result: await stream.result };
    },
    [MODEL, STORY],
  );
  expect(answer.ids.length).toBeGreaterThan(20);
  expect(answer.result.text).toBe(answer.text);
  expect(answer.result.ids).toEqual(answer.ids);
  expect(answer.result.stats).toMatchObject({
    generatedTokens: answer.ids.length,
    stopReason: 'eos',
  });
});

test('the same seed gives the same answer, and another seed another', async ({ lab }) => {
  const [first, second, third] = await lab.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const draw = async (seed: number) =>
        (await loaded.generate(prompt!, { temperature: 1, seed, maxTokens: 40 }).result).ids;
      return [await draw(1), await draw(1), await draw(2)];
    },
    [MODEL, STORY],
  );
  expect(second).toEqual(first);
  expect(third).not.toEqual(first);
});

test('an abort signal stops within one token', async ({ lab }) => {
  const after = await lab.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const stop = new AbortController();
      const stream = loaded.generate(prompt!, { signal: stop.signal });
      for await (const _ of stream) stop.abort();
      const again = await loaded.generate(prompt!, { maxTokens: 3 }).result;
      return { stats: stream.stats!, again: again.ids.length };
    },
    [MODEL, STORY],
  );
  expect(after.stats.stopReason).toBe('aborted');
  // The token in the making when the message arrives may still come.
  expect(after.stats.generatedTokens).toBeLessThanOrEqual(2);
  expect(after.again).toBe(3);
});

test('leaving the loop stops within one token', async ({ lab }) => {
  const stats = await lab.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const stream = loaded.generate(prompt!);
      for await (const _ of stream) break;
      return (await stream.result).stats;
    },
    [MODEL, STORY],
  );
  expect(stats.stopReason).toBe('aborted');
  expect(stats.generatedTokens).toBeLessThanOrEqual(2);
});

test('a second answer while one runs is refused as busy, and the first goes on', async ({
  lab,
}) => {
  const outcome = await lab.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const first = loaded.generate(prompt!);
      const refused = await window.lab.failure(() => loaded.generate('hello').result);
      return { refused, stopReason: (await first.result).stats.stopReason };
    },
    [MODEL, STORY],
  );
  expect(outcome.refused?.code).toBe('busy');
  expect(outcome.stopReason).toBe('eos');
});

test('two models answer side by side', async ({ lab }) => {
  const [alone, together] = await lab.evaluate(async (model) => {
    const { load } = window.lab.pocketbit;
    const [one, two] = await Promise.all([load(model!), load('../files/random-tiny-1.gguf')]);
    const ask = (): Promise<number[][]> =>
      Promise.all(
        [one.generate('hello there'), two.generate('abcd', { raw: true, maxTokens: 12 })].map(
          async (s) => (await s.result).ids,
        ),
      );
    const serial = [
      (await one.generate('hello there').result).ids,
      (await two.generate('abcd', { raw: true, maxTokens: 12 }).result).ids,
    ];
    return [serial, await ask()];
  }, MODEL);
  expect(together).toEqual(alone);
  expect(alone[1]).toHaveLength(12);
});

test('a prompt that does not fit is refused as context-full, and the next one works', async ({
  lab,
}) => {
  const outcome = await lab.evaluate(async () => {
    const loaded = await window.lab.pocketbit.load('../files/random-tiny-1.gguf', {
      contextLength: 16,
    });
    const refused = await window.lab.failure(
      () => loaded.generate('z'.repeat(40), { raw: true }).result,
    );
    const filled = await loaded.generate('q!q!q!q!', { raw: true }).result;
    return { refused, filled: filled.stats };
  });
  expect(outcome.refused?.code).toBe('context-full');
  expect(outcome.refused?.message).toMatch(/40.*16/);
  expect(outcome.filled).toMatchObject({ stopReason: 'context-full', promptTokens: 8 });
  expect(outcome.filled.generatedTokens).toBeGreaterThanOrEqual(8);
});

test('a full context slides where that is asked for, to the same ids each time', async ({
  lab,
}) => {
  const answers = await lab.evaluate(async () => {
    const loaded = await window.lab.pocketbit.load('../files/random-tiny-1.gguf', {
      contextLength: 16,
    });
    const options = {
      raw: true,
      overflow: 'slide',
      maxTokens: 60,
      temperature: 1,
      seed: 5,
    } as const;
    const first = await loaded.generate('q!q!q!q!', options).result;
    const second = await loaded.generate('q!q!q!q!', options).result;
    return [first, second].map(({ ids, stats }) => ({ ids, stopReason: stats.stopReason }));
  });
  expect(answers[0]).toMatchObject({ stopReason: 'length' });
  expect(answers[0]!.ids).toHaveLength(60);
  expect(answers[1]).toEqual(answers[0]);
});

test('loading can be stopped, and the next load works', async ({ lab }) => {
  const outcome = await lab.evaluate(async (model) => {
    const { load } = window.lab.pocketbit;
    const stop = new AbortController();
    const stopped = await window.lab.failure(() =>
      load(`${model}?hold=200000`, {
        signal: stop.signal,
        onProgress: ({ loadedBytes }) => loadedBytes > 0 && stop.abort(),
      }),
    );
    const before = await window.lab.failure(() => load(model!, { signal: AbortSignal.abort() }));
    const loaded = await load(model!);
    return { stopped, before, artifact: loaded.info.artifact };
  }, MODEL);
  expect(outcome.stopped?.code).toBe('aborted');
  expect(outcome.before?.code).toBe('aborted');
  expect(outcome.artifact).toBe('relaxed');
});

test('a closed model refuses, and its file stays stored', async ({ lab }) => {
  const outcome = await lab.evaluate(async (model) => {
    const { load, listModels, deleteModel } = window.lab.pocketbit;
    const loaded = await load(model!);
    await loaded.close();
    const refused = await window.lab.failure(() => loaded.generate('hello').result);
    const kept = await listModels();
    const again = await load(kept[0]!.source);
    await deleteModel(kept[0]!.source);
    return { refused, kept, info: again.info, left: (await listModels()).length };
  }, MODEL);
  expect(outcome.refused?.code).toBe('worker-crashed');
  expect(outcome.kept).toHaveLength(1);
  expect(outcome.info).toMatchObject({ storage: 'indexeddb', sha256: outcome.kept[0]!.sha256 });
  expect(outcome.left).toBe(0);
});

test('a wrong checksum is refused as integrity and nothing is kept', async ({ lab }) => {
  const outcome = await lab.evaluate(async (model) => {
    const refused = await window.lab.failure(() =>
      window.lab.pocketbit.load(model!, { sha256: '0'.repeat(64) }),
    );
    return { refused, kept: (await window.lab.pocketbit.listModels()).length };
  }, MODEL);
  expect(outcome.refused?.code).toBe('integrity');
  expect(outcome.kept).toBe(0);
});

test('ids become the text that they came from, and an id past the vocabulary is refused', async ({
  lab,
}) => {
  const found = await lab.evaluate(async (model) => {
    const loaded = await window.lab.pocketbit.load(model);
    const ids = await loaded.tokenize('Grüße, 数 🙂 end');
    const text = await loaded.detokenize(ids);
    const refused = await loaded.detokenize([2 ** 31]).catch(({ code }: { code: string }) => code);
    await loaded.close();
    return { text, refused };
  }, MODEL);
  expect(found).toEqual({ text: 'Grüße, 数 🙂 end', refused: 'unsupported' });
});
