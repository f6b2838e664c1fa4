// Browsers that lack something.
import { chromium, type Page } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { expectedAnswer } from '../support/engine.ts';
import { bundledModel } from '../support/paths.ts';
import { startSite } from '../support/serve.ts';
import { ask, untilReady } from './assistant.ts';
import { expect, openLab, test } from './fixtures.ts';

const QUESTION = 'Set a timer for 10 minutes';

/** Runs `body` in a Chromium of its own with V8 flags. */
async function withEngineFlags(flags: string, body: (page: Page) => Promise<void>): Promise<void> {
  const browser = await chromium.launch(withArgs(`--js-flags=${flags}`));
  try {
    await body(await browser.newPage());
  } finally {
    await browser.close();
  }
}

test('without WebAssembly SIMD it answers the same, with the scalar engine', async ({ site }) => {
  // Platform fact: V8 offers WebAssembly SIMD on x64 only with SSE4.1.
  await withEngineFlags('--no-enable-sse4-1', async (page) => {
    await openLab(page, site);
    const support = await page.evaluate(() => window.lab.pocketbit.isSupported());
    expect(support).toMatchObject({ supported: true, artifact: 'scalar' });
    expect(support.reasons.join()).toContain('SIMD');
    await page.goto(site.url);
    await untilReady(page);
    expect(await ask(page, QUESTION)).toEqual(await expectedAnswer(bundledModel, QUESTION));
    await page.getByTestId('model-button').click();
    await expect(page.getByTestId('model-card')).toContainText('Scalar');
  });
});

test('without SIMD an artifact that is asked for by name is refused as unsupported', async ({
  site,
}) => {
  await withEngineFlags('--no-enable-sse4-1', async (page) => {
    await openLab(page, site);
    const failure = await page.evaluate(() =>
      window.lab.failure(() =>
        window.lab.pocketbit.load('../files/random-tiny-1.gguf', { artifact: 'simd128' }),
      ),
    );
    expect(failure?.code).toBe('unsupported');
  });
});

test('without WebAssembly the page says so', async ({ site }) => {
  // Platform fact: V8 without its compilers has no WebAssembly at all, as Safari in Lockdown Mode.
  await withEngineFlags('--jitless', async (page) => {
    await openLab(page, site);
    expect(await page.evaluate(() => window.lab.pocketbit.isSupported())).toMatchObject({
      supported: false,
      artifact: null,
    });
    await page.goto(site.url);
    await expect(page.getByTestId('error')).toHaveAttribute('data-code', 'unsupported');
    await expect(page.getByTestId('status')).toHaveText('Not ready');
  });
});

const LACKS = {
  'no IndexedDB': "Object.defineProperty(globalThis, 'indexedDB', { value: undefined })",
  'an IndexedDB that refuses':
    "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError') }",
};

for (const [lack, prelude] of Object.entries(LACKS)) {
  test(`${lack}: it answers from memory and says that nothing is kept`, async ({ page }) => {
    const site = await startSite({ prelude });
    await openLab(page, site);
    const support = await page.evaluate(() => window.lab.pocketbit.isSupported());
    expect(support).toMatchObject({ supported: true, storage: false });
    await page.goto(site.url);
    await expect(page.getByTestId('status')).toHaveText('Not stored');
    await expect(page.getByTestId('status')).toHaveAttribute('data-offline', 'false');
    await expect(page.getByTestId('notice')).toHaveAttribute('data-notice', 'unkept');
    expect(await ask(page, QUESTION)).toEqual(await expectedAnswer(bundledModel, QUESTION));
    await site.kill();
  });
}

test('an engine that cannot compile relaxed SIMD steps down and answers the same', async ({
  page,
}) => {
  // As WebKit with half of relaxed SIMD: detection says yes, the module says no.
  const prelude =
    'if (!globalThis.real) { globalThis.real = WebAssembly.validate; WebAssembly.validate = (bytes) => real.call(WebAssembly, bytes) && bytes.byteLength < 1000 || bytes.byteLength >= 1000 && WebAssembly.Module.customSections(new WebAssembly.Module(bytes), "target_features").every((section) => !new TextDecoder().decode(section).includes("relaxed-simd")) }';
  const site = await startSite({ prelude });
  await openLab(page, site);
  const [artifact, ids] = await page.evaluate(async (question) => {
    const loaded = await window.lab.pocketbit.load('../models/pocketbit-actions.gguf', {
      store: false,
    });
    return [loaded.info.artifact, (await loaded.generate(question).result).ids] as const;
  }, QUESTION);
  expect(artifact).toBe('simd128');
  expect(ids).toEqual(await expectedAnswer(bundledModel, QUESTION));
  await site.kill();
});
