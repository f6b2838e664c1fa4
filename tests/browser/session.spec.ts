// Sessions: an answer that is interrupted, in any way, goes on to the tokens of one that was not.
import type { Page } from '@playwright/test';
import { expect, openLab, test } from './fixtures.ts';

const MODEL = '../models/pocketbit-actions.gguf';
const STORY = 'Tell me a story about a fox';
/** Sampled, so that the random stream counts, with a penalty and a stop string. */
const DRAWN = {
  temperature: 1,
  seed: 11,
  topK: 40,
  repeatPenalty: 1.2,
  maxTokens: 120,
  stop: ['~~'],
};

/** What one page stores for the next, as a page would: in IndexedDB. */
const storeSession = () => {
  Object.assign(window, {
    store: (value: unknown) =>
      new Promise<void>((resolve, reject) => {
        const open = indexedDB.open('kept');
        open.onupgradeneeded = () => open.result.createObjectStore('all');
        open.onsuccess = () => {
          const write = open.result.transaction('all', 'readwrite');
          write.objectStore('all').put(value, 'session');
          write.oncomplete = () => resolve();
          write.onerror = () => reject(write.error);
        };
      }),
    recall: () =>
      new Promise<unknown>((resolve) => {
        const open = indexedDB.open('kept');
        open.onsuccess = () => {
          const read = open.result.transaction('all').objectStore('all').get('session');
          read.onsuccess = () => resolve(read.result);
        };
      }),
  });
};

declare global {
  interface Window {
    store(value: unknown): Promise<void>;
    recall(): Promise<unknown>;
  }
}

/** Answers without an interruption. */
function whole(page: Page, options: object): Promise<{ text: string; ids: number[] }> {
  return page.evaluate(
    async ([model, prompt, given]) => {
      const loaded = await window.lab.pocketbit.load(model);
      const { text, ids } = await loaded.generate(prompt, given).result;
      await loaded.close();
      return { text, ids };
    },
    [MODEL, STORY, options] as const,
  );
}

for (const [name, options] of Object.entries({ greedy: { maxTokens: 60 }, drawn: DRAWN })) {
  for (const contextBytes of [0, 64e6]) {
    test(`${name}, saved after any number of tokens ${contextBytes ? 'with' : 'without'} its keys and values, it goes on to the same answer`, async ({
      lab,
    }) => {
      const expected = await whole(lab, options);
      const answers = await lab.evaluate(
        async ([model, prompt, given, bytes]) => {
          const first = await window.lab.pocketbit.load(model);
          const second = await window.lab.pocketbit.load(model);
          const found = [];
          for (const cut of [1, 2, 7, 16, 33]) {
            const stream = first.generate(prompt, given);
            let count = 0;
            let saved = null;
            for await (const { ids } of stream) {
              count += ids.length;
              if (count < cut) continue;
              saved = await first.save({ contextBytes: bytes });
              break;
            }
            await stream.result;
            if (!saved) throw new Error('nothing was saved');
            const rest = second.restore(saved);
            const chunks = [];
            for await (const chunk of rest) chunks.push(chunk);
            const { text, ids, stats } = await rest.result;
            found.push({
              text,
              ids,
              before: saved.answer.length,
              first: chunks[0]!.ids.length,
              kept: saved.context !== null,
              cached: stats.cachedTokens,
            });
          }
          return found;
        },
        [MODEL, STORY, options, contextBytes] as const,
      );
      for (const answer of answers) {
        expect(answer).toMatchObject(expected);
        expect(answer.first).toBe(answer.before);
        expect(answer.kept).toBe(contextBytes > 0);
        if (contextBytes > 0) expect(answer.cached).toBeGreaterThan(5);
      }
      expect(new Set(answers.map(({ before }) => before)).size).toBeGreaterThan(3);
    });
  }
}

test('a page that is gone in the middle of an answer goes on after a reload, to the same answer', async ({
  page,
  site,
}) => {
  await page.addInitScript(storeSession);
  await openLab(page, site);
  const expected = await whole(page, DRAWN);
  await page.evaluate(
    async ([model, prompt, options]) => {
      const loaded = await window.lab.pocketbit.load(model);
      const stream = loaded.generate(prompt, options);
      let last = null;
      let count = 0;
      for await (const { ids } of stream) {
        count += ids.length;
        // The next one may come while this one is being kept.
        const { session } = stream;
        if (session !== last) await window.store(session);
        last = session;
        if (count >= 40) break;
      }
    },
    [MODEL, STORY, DRAWN] as const,
  );
  await page.reload();
  await page.waitForFunction(() => 'lab' in window);
  const { text, ids, saved } = await page.evaluate(async (model) => {
    const loaded = await window.lab.pocketbit.load(model);
    const session = (await window.recall()) as Parameters<typeof loaded.restore>[0];
    return { ...(await loaded.restore(session).result), saved: session.answer.length };
  }, MODEL);
  // Every 16 tokens; a page that lags behind its worker has later ones.
  expect(saved).toBeGreaterThanOrEqual(32);
  expect({ text, ids }).toEqual(expected);
});

test('a context that slides goes on to the same ids', async ({ lab }) => {
  const [expected, ...answers] = await lab.evaluate(async () => {
    const load = () =>
      window.lab.pocketbit.load('../files/random-tiny-1.gguf', { contextLength: 16 });
    const options = {
      raw: true,
      overflow: 'slide',
      maxTokens: 60,
      temperature: 1,
      seed: 5,
    } as const;
    const first = await load();
    const found = [(await first.generate('q!q!q!q!', options).result).ids];
    for (const cut of [3, 9, 30]) {
      const stream = first.generate('q!q!q!q!', options);
      let count = 0;
      let saved = null;
      for await (const { ids } of stream) {
        count += ids.length;
        if (count < cut) continue;
        saved = await first.save();
        break;
      }
      await stream.result;
      found.push((await (await load()).restore(saved!).result).ids);
    }
    return found;
  });
  expect(expected).toHaveLength(60);
  for (const ids of answers) expect(ids).toEqual(expected);
});

test('an answer that is over comes back as it was, and the next turn finds its context warm', async ({
  lab,
}) => {
  const { before, after, next } = await lab.evaluate(
    async ([model, prompt]) => {
      const first = await window.lab.pocketbit.load(model!);
      const stream = first.generate(prompt!);
      const done = await stream.result;
      const second = await window.lab.pocketbit.load(model!);
      const restored = await second.restore(stream.session!).result;
      const turn = second.generate([
        { role: 'user', content: prompt! },
        { role: 'assistant', content: done.text },
        { role: 'user', content: 'hello there' },
      ]);
      return { before: done, after: restored, next: (await turn.result).stats };
    },
    [MODEL, STORY],
  );
  expect(after.text).toBe(before.text);
  expect(after.ids).toEqual(before.ids);
  expect(after.stats.stopReason).toBe('eos');
  expect(next.cachedTokens).toBeGreaterThan(before.ids.length);
});

test('a session of other weights, another version or another format is refused', async ({
  lab,
}) => {
  const codes = await lab.evaluate(async (model) => {
    const { load } = window.lab.pocketbit;
    const loaded = await load(model);
    const stream = loaded.generate('hello there');
    await stream.result;
    const saved = stream.session!;
    const other = await load('../files/random-tiny-1.gguf');
    const refusal = async (value: unknown, by = loaded) =>
      (await window.lab.failure(() => by.restore(value as typeof saved).result))?.code;
    const found = {
      weights: await refusal(saved, other),
      kv: await refusal(saved, await load(model, { kv: 'f32' })),
      version: await refusal({ ...saved, version: 2 }),
      ids: await refusal({ ...saved, ids: 'none' }),
      random: await refusal({ ...saved, random: [-1, 0.5] }),
      nothing: await refusal(null),
      long: await refusal({ ...saved, ids: new Uint32Array(9000) }),
      foreign: await refusal({ ...saved, ids: Uint32Array.of(4e9), stopReason: null }),
      context: await refusal({ ...saved, context: new Uint8Array(100) }),
    };
    const { ids } = await loaded.restore(saved).result;
    return { ...found, same: ids.join() === (await stream.result).ids.join() };
  }, MODEL);
  expect(codes).toEqual({
    weights: 'unsupported',
    kv: 'unsupported',
    version: 'unsupported',
    ids: 'integrity',
    random: 'integrity',
    nothing: 'integrity',
    long: 'context-full',
    foreign: 'unsupported',
    context: 'integrity',
    same: true,
  });
});

test('low power rests between tokens, tells so, and gives the same tokens', async ({ lab }) => {
  const [full, low, rated] = await lab.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const ask = async (options: object) =>
        await loaded.generate(prompt!, { maxTokens: 24, ...options }).result;
      return [await ask({}), await ask({ power: 'low' }), await ask({ maxTokensPerSecond: 40 })];
    },
    [MODEL, STORY],
  );
  expect(low!.ids).toEqual(full!.ids);
  expect(full!.stats.pace).toBeUndefined();
  expect(low!.stats.pace).toMatchObject({ lowered: true });
  // Platform fact: a timer may fire a millisecond early.
  expect(low!.stats.decodeMs).toBeGreaterThan((23 * 1000) / 12.5);
  expect(rated!.stats.pace).toMatchObject({ lowered: false });
  expect(rated!.stats.decodeMs).toBeGreaterThan((23 * 1000) / 45);
});
