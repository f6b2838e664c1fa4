// Workers that trap, vanish or hang, and models that do not fit: through the public API.
import type { Page } from '@playwright/test';
import { startSite } from '../support/serve.ts';
import { expect, openLab, test } from './fixtures.ts';

const MODEL = '../models/pocketbit-actions.gguf';
const STORY = 'Tell me a story about a fox';

/**
 * Put before every script: lets the page end its workers without a word, as a system short of memory does, and makes the
 * engine trap for real once the page asks for it.
 */
const PRELUDE = `
if (globalThis.document && !globalThis.workers) {
  globalThis.workers = [];
  globalThis.ends = {
    trap: () => new BroadcastChannel('trap').postMessage(0),
    report: () => workers.at(-1).dispatchEvent(new ErrorEvent('error', { message: 'lost' })),
    vanish: () => workers.at(-1).terminate(),
  };
  const RealWorker = Worker;
  globalThis.Worker = class extends RealWorker {
    constructor(...input) { super(...input); workers.push(this); }
  };
} else if (!globalThis.document && !globalThis.traps) {
  globalThis.traps = { left: Infinity };
  new BroadcastChannel('trap').onmessage = ({ data }) => { traps.left = data; };
  // (module (func (export "f") unreachable))
  const code = Uint8Array.of(0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,5,1,3,0,0,11);
  const Real = WebAssembly.Instance;
  WebAssembly.Instance = function (...input) {
    const instance = new Real(...input);
    if (!instance.exports.engine_sample) return instance;
    const trap = new Real(new WebAssembly.Module(code)).exports.f;
    const engine_sample = (...given) => (traps.left-- === 0 ? trap() : instance.exports.engine_sample(...given));
    return Object.create(instance, { exports: { value: { ...instance.exports, engine_sample } } });
  };
}`;

declare global {
  interface Window {
    workers: Worker[];
    ends: Record<string, () => void>;
  }
}

async function openCrashLab(page: Page) {
  const site = await startSite({ prelude: PRELUDE });
  await openLab(page, site);
  return site;
}

/** How a worker can go; each is a name on the page. */
const WAYS = {
  trap: 'a trap',
  report: 'an error event',
  vanish: 'a worker that is gone without a word',
} as const;

for (const [name, way] of Object.entries(WAYS)) {
  test(`${way}: the call fails as worker-crashed, the answer goes on, and the next call works`, async ({
    page,
  }) => {
    const site = await openCrashLab(page);
    const outcome = await page.evaluate(
      async ([model, prompt, end]) => {
        const options = { maxTokens: 80, temperature: 1, seed: 3 };
        const loaded = await window.lab.pocketbit.load(model, { silenceMs: 1000 });
        const whole = await loaded.generate(prompt, options).result;
        const stream = loaded.generate(prompt, { ...options, maxTokensPerSecond: 200 });
        let count = 0;
        const failure = await window.lab.failure(async () => {
          for await (const { ids } of stream) {
            count += ids.length;
            if (count === 40) window.ends[end]!();
          }
        });
        const saved = stream.session!;
        const rest = await loaded.restore(saved).result;
        const next = await loaded.generate('hello there').result;
        return {
          code: failure?.code,
          saved: saved.answer.length,
          same: rest.ids.join() === whole.ids.join() && rest.text === whole.text,
          next: next.stats.stopReason,
          workers: window.workers.length,
        };
      },
      [MODEL, STORY, name] as const,
    );
    expect(outcome).toMatchObject({ code: 'worker-crashed', same: true, next: 'eos', workers: 2 });
    expect(outcome.saved).toBeGreaterThanOrEqual(32);
    await site.kill();
  });
}

test('after a crash the model comes from the storage, with the context it had', async ({
  page,
}) => {
  const site = await openCrashLab(page);
  await page.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      await loaded.generate(prompt!, { maxTokens: 20 }).result;
      Object.assign(window, { loaded });
    },
    [MODEL, STORY],
  );
  const stats = await page.evaluate(async (prompt) => {
    const { loaded } = window as unknown as {
      loaded: Awaited<ReturnType<typeof window.lab.pocketbit.load>>;
    };
    window.ends.report!();
    await loaded.tokenize('x');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return (await loaded.generate(prompt, { maxTokens: 20 }).result).stats;
  }, STORY);
  expect(stats.cachedTokens).toBe(stats.promptTokens - 1);
  await site.kill();
});

test('a page that comes back to the foreground replaces a worker that died meanwhile, before anything is asked', async ({
  page,
}) => {
  const site = await openCrashLab(page);
  const outcome = await page.evaluate(
    async ([model, prompt]) => {
      const loaded = await window.lab.pocketbit.load(model!);
      const first = await loaded.generate(prompt!, { maxTokens: 20 }).result;
      window.ends.vanish!();
      document.dispatchEvent(new Event('visibilitychange'));
      while (window.workers.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      const { stats } = await loaded.generate(prompt!, { maxTokens: 20 }).result;
      return { stats, prompt: first.stats.promptTokens };
    },
    [MODEL, STORY],
  );
  expect(outcome.stats.cachedTokens).toBe(outcome.prompt - 1);
  await site.kill();
});

test('a model that does not fit is refused with its header read, with the numbers and without its weights', async ({
  lab,
}) => {
  const outcome = await lab.evaluate(async () => {
    const { load, checkFit, listModels, storageEstimate } = window.lab.pocketbit;
    // As over a network: the 64 MB of this model take three seconds.
    const url = '../files/random-125m-1.gguf?rate=20000000';
    const whole = await checkFit(url);
    const { unfinished } = await storageEstimate();
    const memoryBudget = whole.weightBytes;
    const tight = await checkFit(url, { memoryBudget });
    const refused = await load(url, { memoryBudget }).catch(({ code, message, details }) => ({
      code,
      message,
      details,
    }));
    const half = await checkFit(url, { contextLength: whole.contextLength / 2 });
    return { whole, tight, refused, unfinished, half, stored: (await listModels()).length };
  });
  const { whole, tight, refused, half } = outcome;
  expect(whole).toMatchObject({ fits: true, contextLength: 2048, suggestedContext: 2048 });
  expect(tight).toMatchObject({ fits: false, suggestedContext: null });
  expect(refused).toMatchObject({ code: 'does-not-fit', details: tight });
  expect(half.kvBytes).toBeLessThan(0.51 * whole.kvBytes);
  expect(outcome.stored).toBe(0);
  // The header ends in the first chunk, and the question took no more.
  expect(outcome.unfinished[0]!.loadedBytes).toBe(4 * 1024 * 1024);
});

test('a model is shrunk to the budget where that is asked for', async ({ lab }) => {
  const outcome = await lab.evaluate(async () => {
    const { load, checkFit } = window.lab.pocketbit;
    const url = '../files/random-125m-1.gguf';
    const { neededBytes, kvBytes, contextLength } = await checkFit(url);
    const memoryBudget = neededBytes - kvBytes / 2;
    const loaded = await load(url, { memoryBudget, fit: 'shrink', store: false });
    const { info } = loaded;
    const { ids } = await loaded.generate('abcd', { raw: true, maxTokens: 3 }).result;
    return { contextLength, memoryBudget, info, ids };
  });
  expect(outcome.info.reducedFrom).toBe(outcome.contextLength);
  expect(outcome.info.contextLength).toBeGreaterThan(outcome.contextLength / 2 - 64);
  expect(outcome.info.residentBytes).toBeLessThanOrEqual(outcome.memoryBudget);
  expect(outcome.ids).toHaveLength(3);
});

for (const leave of [false, true]) {
  test(`a page that ${leave ? 'is left' : 'crashes'} in the middle of a download ${leave ? 'is no crash' : 'tells the next visit'}`, async ({
    page,
    context,
    site,
  }) => {
    const other = await context.newPage();
    await openLab(other, site);
    const crash = () =>
      other.evaluate(() =>
        window.lab.pocketbit.lastCrash('../files/random-tiny-1.gguf?hold=60000'),
      );
    await openLab(page, site);
    await page.evaluate(() => {
      void window.lab.pocketbit.load('../files/random-tiny-1.gguf?hold=60000').catch(() => {});
      return new Promise((resolve) => setTimeout(resolve, 1000));
    });
    expect(await crash(), 'while the page lives').toBeNull();
    if (leave) {
      await page.goto('about:blank');
      await other.waitForTimeout(500);
      expect(await crash()).toBeNull();
      return;
    }
    // Ends the renderer, which no event of the page announces.
    const session = await context.newCDPSession(page);
    session.send('Page.crash').catch(() => {});
    await expect.poll(async () => (await crash())?.phase ?? null).toBe('download');
  });
}
