// What reaches the runtime from outside the page that loaded it: messages of other tabs, wrong files where its own are
// expected, conversations longer than any context, sessions and records that were changed.
import type { BrowserContext, Page, Route } from '@playwright/test';
import { startSite } from '../support/serve.ts';
import { expect, openLab, test } from './fixtures.ts';

const MODEL = '../models/pocketbit-actions.gguf';
const TINY = '../files/random-tiny-1.gguf';

test.describe('messages of other tabs', () => {
  /** Sends everything that structured clone carries to everybody who listens. */
  const shout = (page: Page, seconds: number) =>
    page.evaluate(async (forSeconds) => {
      const channel = new BroadcastChannel('pocketbit');
      const source = new URL('../files/random-125m-1.gguf', location.href).href;
      const locks = [`pocketbit:${source}`, 'pocketbit-engine', 'other', null, 5, {}];
      const bodies: unknown[] = [null, undefined, 0, '', 'text', [], {}, new Date(), new Map()];
      const big = 'x'.repeat(1e5);
      for (const lock of locks) {
        for (const type of [
          'ping',
          'pong',
          'progress',
          'ask',
          'yielding',
          'yielded',
          'later',
          7,
          null,
        ]) {
          bodies.push({ lock, type }, { lock, type, from: null }, { lock, type, from: big });
          bodies.push({ lock, type, progress: null }, { lock, type, progress: 'all' });
          bodies.push({ lock, type, progress: { phase: 'x', loadedBytes: Number.NaN } });
          bodies.push({ lock, type, progress: { phase: 'download', loadedBytes: big } });
        }
      }
      // What another tab may say: that it lives. Sent on, it would be a holder that never ends.
      const harmful = (body: unknown) =>
        (body as { lock?: unknown; type?: unknown } | null)?.type === 'pong';
      for (const end = Date.now() + forSeconds * 1000; Date.now() < end; ) {
        for (const body of bodies) if (!harmful(body)) channel.postMessage(body);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      channel.close();
    }, seconds);

  test('of any shape do not disturb a download, and what is no message is not heard (fault 20)', async ({
    page,
    context,
    site,
  }) => {
    const other = await context.newPage();
    await openLab(other, site);
    await openLab(page, site);
    const loading = page.evaluate(async () => {
      const seen: unknown[] = [];
      const onProgress = (progress: object) => seen.push(progress);
      const options = { onProgress, tabs: 'one' } as const;
      const failure = await window.lab.failure(async () => {
        const model = await window.lab.pocketbit.load(
          '../files/random-125m-1.gguf?rate=20000000',
          options,
        );
        await model.generate('abcd', { raw: true, maxTokens: 2 }).result;
      });
      const odd = seen.filter((one) => {
        const { phase, loadedBytes, elsewhere } = one as Record<string, unknown>;
        return typeof phase !== 'string' || !Number.isFinite(loadedBytes) || elsewhere === true;
      });
      return { failure, odd: odd.length, seen: seen.length };
    });
    await shout(other, 4);
    expect(await loading).toMatchObject({ failure: null, odd: 0 });
  });

  test('of any shape do not disturb a tab that waits for a download (fault 20)', async ({
    page,
    context,
    site,
  }) => {
    const pages = [page, await context.newPage(), await context.newPage()] as const;
    for (const one of pages) await openLab(one, site);
    const load = (one: Page) =>
      one.evaluate(async () => {
        const odd: unknown[] = [];
        const onProgress = (progress: { loadedBytes: unknown; phase: unknown }) => {
          if (typeof progress.phase !== 'string' || !Number.isFinite(progress.loadedBytes))
            odd.push(progress);
        };
        const failure = await window.lab.failure(() =>
          window.lab.pocketbit.load('../files/random-125m-1.gguf', { onProgress }),
        );
        return { failure, odd };
      });
    const loads = [load(pages[0]), load(pages[1])];
    await shout(pages[2], 3);
    for (const outcome of await Promise.all(loads))
      expect(outcome).toEqual({ failure: null, odd: [] });
  });
});

/** Keeps the worker's console of the page quiet: counts what nobody caught. */
async function unhandled(page: Page): Promise<string[]> {
  const found: string[] = [];
  page.on('pageerror', (error) => found.push(String(error)));
  return found;
}

test.describe('a worker that dies after every load', () => {
  /** Workers count themselves, and die `after` ms behind the load of their model. */
  const PRELUDE = `
if (globalThis.document && !globalThis.started) {
  globalThis.started = [];
  const Real = Worker;
  globalThis.deadly = true;
  globalThis.Worker = class extends Real {
    constructor(...input) {
      super(...input);
      started.push(performance.now());
      this.addEventListener('message', ({ data }) => {
        if (globalThis.deadly && data?.value?.ok && data.value.value?.architecture)
          setTimeout(() => this.dispatchEvent(new ErrorEvent('error', { message: 'lost' })), 30);
      });
    }
  };
}`;

  test('is brought back with growing pauses, then no more, and the call says so; a good one ends that (fault 19)', async ({
    page,
  }) => {
    const site = await startSite({ prelude: PRELUDE });
    const errors = await unhandled(page);
    await openLab(page, site);
    const found = await page.evaluate(async (source) => {
      const scope = window as unknown as { started: number[]; deadly: boolean };
      const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const model = await window.lab.pocketbit.load(source);
      await sleep(12_000);
      const workers = scope.started.length;
      const begun = performance.now();
      const refused = await window.lab.failure(() => model.tokenize('x'));
      const waited = performance.now() - begun;
      await sleep(3000);
      const later = scope.started.length;
      return { workers, refused, waited, later };
    }, TINY);
    expect(found.workers).toBeGreaterThan(1);
    expect(found.workers).toBeLessThanOrEqual(5);
    expect(found.refused?.code).toBe('worker-crashed');
    expect(found.waited).toBeLessThan(5000);
    expect(found.later).toBe(found.workers);
    expect(errors).toEqual([]);
    await site.kill();
  });

  test('once and again, with answers between, is replaced each time at once (fault 19)', async ({
    page,
  }) => {
    const site = await startSite({ prelude: PRELUDE });
    await openLab(page, site);
    const found = await page.evaluate(async (source) => {
      const scope = window as unknown as { started: number[]; deadly: boolean };
      scope.deadly = false;
      const workers: Worker[] = [];
      const Counted = Worker;
      window.Worker = class extends Counted {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          workers.push(this);
        }
      };
      const model = await window.lab.pocketbit.load(source);
      const answers = [];
      for (let i = 0; i < 8; i++) {
        workers.at(-1)!.dispatchEvent(new ErrorEvent('error', { message: 'lost' }));
        const begun = performance.now();
        answers.push((await model.generate('ab', { raw: true, maxTokens: 2 }).result).ids.length);
        if (performance.now() - begun > 3000) answers.push('slow');
      }
      return { answers, workers: workers.length };
    }, TINY);
    expect(found).toEqual({ answers: Array(8).fill(2), workers: 9 });
    await site.kill();
  });
});

test.describe('where the engine is expected', () => {
  const HTML = '<!doctype html><title>Log in</title><p>Welcome to the network of this hotel.';
  const wasm = async (route: Route) => Buffer.from(await (await route.fetch()).body());
  const WRONG: Record<string, (route: Route) => Promise<void>> = {
    'a page of HTML': (route) => route.fulfill({ contentType: 'text/html', body: HTML }),
    'a page that says it is WebAssembly': (route) =>
      route.fulfill({ contentType: 'application/wasm', body: HTML }),
    nothing: (route) => route.fulfill({ contentType: 'application/wasm', body: '' }),
    'half a file': async (route) => {
      const body = await wasm(route);
      await route.fulfill({
        contentType: 'application/wasm',
        body: body.subarray(0, body.length / 2),
      });
    },
    'a file with a damaged byte': async (route) => {
      const body = await wasm(route);
      body[body.length >> 1]! ^= 0xff;
      body[(body.length >> 1) + 1]! ^= 0xff;
      body[(body.length >> 1) + 2]! ^= 0xff;
      await route.fulfill({ contentType: 'application/wasm', body });
    },
    'another WebAssembly': (route) =>
      route.fulfill({
        contentType: 'application/wasm',
        body: Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
      }),
    'no file': (route) => route.fulfill({ status: 404, contentType: 'text/html', body: HTML }),
    'a broken connection': (route) => route.abort('connectionreset'),
  };

  const load = (page: Page) =>
    page.evaluate((source) => window.lab.failure(() => window.lab.pocketbit.load(source)), TINY);

  for (const [name, answer] of Object.entries(WRONG)) {
    test(`${name} is named with its address, and no browser is blamed (fault 24)`, async ({
      lab,
      context,
    }) => {
      await context.route('**/*.wasm', answer);
      const failure = await load(lab);
      expect(failure?.code).toBe('network');
      expect(failure?.message).toMatch(/http:\/\/127\.0\.0\.1:\d+\/lab\/\S*\.wasm/);
      expect(failure?.message).not.toMatch(/2021/);
      if (name === 'a page of HTML')
        expect(failure?.message).toMatch(/text\/html.*<!doctype html/s);
      await context.unroute('**/*.wasm');
      expect(await load(lab)).toBeNull();
    });
  }

  test('a wrong file in place of the fastest engine leaves the next one (fault 24)', async ({
    lab,
    context,
  }) => {
    await context.route('**/relaxed*.wasm', (route) =>
      route.fulfill({ contentType: 'text/html', body: HTML }),
    );
    const artifact = await lab.evaluate(
      async (source) => (await window.lab.pocketbit.load(source)).info.artifact,
      TINY,
    );
    expect(artifact).toBe('simd128');
  });

  /** Every script but those of the page is answered with HTML. */
  async function withoutScripts(context: BrowserContext, url: RegExp): Promise<void> {
    await context.route(url, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
  }

  for (const script of ['worker', 'api', 'text']) {
    test(`HTML for the script ${script} is named as that (fault 24)`, async ({ lab, context }) => {
      const errors = await unhandled(lab);
      const pattern =
        script === 'worker'
          ? /\/assets\/(worker|index)-[^/]*\.js/
          : new RegExp(`/${script}-[^/]*\\.js`);
      await withoutScripts(context, pattern);
      const failure = await load(lab);
      expect(failure?.code).toBe('network');
      expect(failure?.message).toMatch(/http:\/\/127\.0\.0\.1:\d+\/lab\/\S*\.js/);
      expect(errors).toEqual([]);
      await context.unroute(pattern);
      expect(await load(lab)).toBeNull();
    });
  }
});

test.describe('a conversation longer than any context', () => {
  for (const [name, shape] of Object.entries({
    'one message of 5,000,000 characters': 'one',
    'five messages of 1,000,000 characters': 'five',
    '200,000 small messages': 'many',
    '3,000 small messages': 'some',
    'a raw prompt of 60,000,000 characters': 'raw',
  })) {
    test(`${name} is context-full at once, and the next question is answered (fault 15)`, async ({
      lab,
    }) => {
      const found = await lab.evaluate(
        async ([source, kind]) => {
          const loaded = await window.lab.pocketbit.load(source);
          const user = (content: string) => ({ role: 'user' as const, content });
          const words = (n: number) => 'word '.repeat(n / 5);
          const prompts = {
            one: () => [user(words(5e6))],
            five: () => Array.from({ length: 5 }, () => user(words(1e6))),
            many: () => Array.from({ length: 200_000 }, () => user('hi')),
            some: () => Array.from({ length: 3000 }, () => user('hi')),
            raw: () => words(6e7),
          };
          const raw = kind === 'raw';
          const begun = performance.now();
          const failure = await window.lab.failure(
            () => loaded.generate(prompts[kind as 'one'](), { raw }).result,
          );
          const ms = performance.now() - begun;
          const { stats } = await loaded.generate('hello there').result;
          return { code: failure?.code, ms, next: stats.stopReason };
        },
        [MODEL, shape] as const,
      );
      expect(found).toMatchObject({ code: 'context-full', next: 'eos' });
      // A minute before, where it ended at all; here on a machine that may be busy.
      expect(found.ms).toBeLessThan(20_000);
    });
  }

  test('stays in an embed no longer than its question (fault 15)', async ({ page, site }) => {
    await page.goto(`${site.url}embed.html`);
    const found = await page.evaluate(async () => {
      await customElements.whenDefined('pocketbit-chat');
      const chat = document.querySelector('pocketbit-chat') as HTMLElement & {
        ask(text: string): Promise<{ text: string }>;
      };
      chat.setAttribute('turns', '4');
      const failure = await chat.ask('word '.repeat(1e6)).catch(({ code }) => code);
      const next = await chat.ask('hello there').then(
        ({ text }) => text.length,
        ({ code }) => code,
      );
      return { failure, next };
    });
    expect(found.failure).toBe('context-full');
    expect(found.next).toBeGreaterThan(0);
  });
});

test('sessions that were changed are integrity through a page, and the worker lives on (fault 13)', async ({
  lab,
}) => {
  const found = await lab.evaluate(async (source) => {
    const Counted = Worker;
    let workers = 0;
    window.Worker = class extends Counted {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers++;
      }
    };
    const loaded = await window.lab.pocketbit.load(source);
    const stream = loaded.generate('hello there', { maxTokens: 5 });
    const { ids } = await stream.result;
    const saved = stream.session!;
    const options = (changed: object) => ({ ...saved, options: { ...saved.options, ...changed } });
    const changed: unknown[] = [
      options({ stop: [null] }),
      options({ stop: 'zz' }),
      options({ stop: new Array(200_000).fill('zz') }),
      options({ temperature: 'hot' }),
      options({ maxTokens: Number.NaN }),
      options({ seed: {} }),
      { ...saved, random: null },
      { ...saved, stopReason: 'tired' },
      { ...saved, version: '1' },
      { ...saved, context: new Uint8Array(5e6) },
      { ...saved, answer: new Uint32Array(2 ** 25) },
      { ...saved, grammar: {} },
    ];
    const codes = [];
    for (const value of changed) {
      codes.push(
        (await window.lab.failure(() => loaded.restore(value as typeof saved).result))?.code,
      );
    }
    const odd = await Promise.all(
      [
        () => loaded.tokenize(5 as never),
        () => loaded.detokenize('text' as never),
        () => loaded.detokenize([-1]),
        () => loaded.logits(7 as never),
        () => loaded.generate(5 as never).result,
        () => loaded.save(null as never),
      ].map(async (ask) => (await window.lab.failure(ask))?.code),
    );
    const again = (await loaded.restore(saved).result).ids;
    return { codes, odd, same: again.join() === ids.join(), workers };
  }, MODEL);
  expect([...new Set(found.codes)]).toEqual(['integrity']);
  expect(found.odd).not.toContain('worker-crashed');
  expect(found).toMatchObject({ same: true, workers: 1 });
});

test('addresses that are none are refused with a code (fault 11)', async ({ lab }) => {
  const found = await lab.evaluate(async () => {
    const { load, checkFit, lastCrash } = window.lab.pocketbit;
    const odd = [
      'http://[',
      'http://',
      '',
      null,
      undefined,
      5,
      {},
      { urls: 5 },
      { urls: ['http://['] },
      { urls: [] },
      [],
    ];
    const codes: unknown[] = [];
    for (const source of odd as never[]) {
      for (const ask of [load, checkFit]) {
        codes.push((await window.lab.failure(() => ask(source)))?.code);
      }
    }
    codes.push((await window.lab.failure(async () => lastCrash('http://[')))?.code);
    for (const wasmBase of ['http://[', 'stored:x', 'data:,x', 'mailto:a@b'] as const) {
      const options = { wasmBase };
      codes.push(
        (await window.lab.failure(() => load('../files/random-tiny-1.gguf', options)))?.code,
      );
    }
    return codes.map((code) => code ?? 'none');
  });
  for (const code of found)
    expect(['network', 'bad-model', 'storage', 'unsupported']).toContain(code);
});
