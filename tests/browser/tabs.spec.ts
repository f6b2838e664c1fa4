// Many tabs of one browser: one download, one engine, one conversation at a time, and nothing lost on the way.
import { mkdirSync, writeFileSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { type CountingSite, startCountingSite } from '../support/counting-site.ts';
import * as runs from '../support/tab-runs.ts';
import { untilReady } from './assistant.ts';
import { test as base, expect, openLab } from './fixtures.ts';

const RATE = 16e6;

const test = base.extend<{ counting: CountingSite }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a fixture needs from the pattern
  counting: async ({}, use) => {
    const site = await startCountingSite(RATE);
    await use(site);
    await site.kill();
  },
});

test.describe.configure({ timeout: 120_000 });

for (const count of [2, 5]) {
  test(`${count} tabs that load at once download once, and all have the model`, async ({
    context,
    counting,
  }) => {
    const pages = await runs.openTabs(context, counting, count);
    await runs.beginLoads(pages);
    const outcomes = await Promise.all(pages.map(runs.outcomeOf));
    expect(new Set(outcomes.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(counting.sent).toEqual({ requests: 1, bytes: outcomes[0]!.fileBytes });
    expect(outcomes.filter(({ followed }) => followed)).toHaveLength(count - 1);
    expect(await runs.verify(pages[0]!)).toMatchObject({ damagedChunks: 0, unfinished: 0 });
  });
}

for (const end of ['closed', 'frozen'] as const) {
  test(`the tab that downloads is ${end} in the middle: another goes on with what was kept, less than a chunk behind`, async ({
    context,
    counting,
  }) => {
    const { starts, stored, reported, outcomes, store } = await runs.interrupt(
      context,
      counting,
      3,
      end,
    );
    expect(new Set(outcomes.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(store).toMatchObject({ damagedChunks: 0, unfinished: 0 });
    expect(starts).toEqual([0, stored]);
    expect(reported).toBeGreaterThan(2 * runs.CHUNK_BYTES);
    expect(reported - stored).toBeLessThan(runs.CHUNK_BYTES);
  });
}

test('a holder of the lock that never answers loses it', async ({ context, counting }) => {
  const [holder, tab] = (await runs.openTabs(context, counting, 2)) as [Page, Page];
  await holder.evaluate(() => {
    const name = `pocketbit:${new URL('../files/random-125m-1.gguf', location.href).href}`;
    void navigator.locks.request(name, () => new Promise(() => {})).catch(() => {});
  });
  await runs.beginLoads([tab]);
  expect((await runs.outcomeOf(tab)).followed).toBe(false);
});

test('without Web Locks, as over plain HTTP, a tab that comes later waits for the download too, and each has an engine', async ({
  counting,
}) => {
  const browser = await chromium.launch(
    withArgs('--host-resolver-rules=MAP models.test 127.0.0.1'),
  );
  const context = await browser.newContext();
  const site = { ...counting, url: counting.url.replace('127.0.0.1', 'models.test') };
  const [first, second] = (await runs.openTabs(context, site, 2)) as [Page, Page];
  await runs.beginLoads([first]);
  await runs.untilLoaded(first, runs.CHUNK_BYTES);
  await runs.beginLoads([second]);
  const outcomes = await Promise.all([first, second].map(runs.outcomeOf));
  expect(outcomes.map(({ followed }) => followed)).toEqual([false, true]);
  expect(counting.sent).toEqual({ requests: 1, bytes: outcomes[0]!.fileBytes });
  for (const page of [first, second]) {
    const { locks, reasons } = await page.evaluate(async () => {
      const { load, isSupported } = window.lab.pocketbit;
      await load('../files/random-tiny-1.gguf', { tabs: 'one' });
      return { locks: 'locks' in navigator, reasons: (await isSupported()).reasons.join() };
    });
    expect(locks).toBe(false);
    expect(reasons).toContain('each tab has an engine of its own');
  }
  await browser.close();
});

test('where the user has blocked the data of the site, and with it every lock, a model runs from memory', async ({
  site,
}, testInfo) => {
  const profile = testInfo.outputPath('profile');
  mkdirSync(`${profile}/Default`, { recursive: true });
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(`${profile}/Default/Preferences`, JSON.stringify(blocked));
  const context = await chromium.launchPersistentContext(profile, withArgs());
  const page = await context.newPage();
  await openLab(page, site);
  const found = await page.evaluate(async () => {
    const options = { store: 'prefer', tabs: 'one' } as const;
    const model = await window.lab.pocketbit.load('../files/random-tiny-1.gguf', options);
    const { ids } = await model.generate('abcd', { raw: true, maxTokens: 2 }).result;
    const lock = await navigator.locks.query().catch(({ name }: Error) => name);
    return { lock, storage: model.info.storage, tokens: ids.length };
  });
  expect(found).toEqual({ lock: 'SecurityError', storage: 'memory', tokens: 2 });
  await context.close();
});

test("with tabs: 'one' a load waits for the other tab, and is told; it goes on when that closes", async ({
  context,
  counting,
}) => {
  const [first, second] = (await runs.openTabs(context, counting, 2)) as [Page, Page];
  const load = (page: Page) =>
    page.evaluate(async () => {
      const events: string[] = [];
      Object.assign(window, { events });
      const model = await window.lab.pocketbit.load('../files/random-tiny-1.gguf', {
        tabs: 'one',
        onElsewhere: () => events.push('elsewhere'),
        onYield: (reason) => void events.push(reason),
      });
      Object.assign(window, { model });
      return events;
    });
  expect(await load(first)).toEqual([]);
  let there = false;
  const loading = load(second).finally(() => {
    there = true;
  });
  await second.waitForFunction(() => (window as never as { events: string[] }).events.length > 0);
  await second.waitForTimeout(500);
  expect(there).toBe(false);
  await first.close();
  expect(await loading).toEqual(['elsewhere']);
});

for (const how of ['asked', 'frozen', 'closed'] as const) {
  test(`the assistant moves in the middle of an answer, the first tab ${how}, to the same tokens`, async ({
    context,
    browser,
    site,
  }) => {
    const moved = await runs.moveAnswer(context, site.url, how);
    const alone = await browser.newContext();
    expect(moved).toEqual(await runs.wholeAnswer(alone, site.url));
    await alone.close();
  });
}

test('what a waiting tab showed of an answer stays when its writer is closed and it is stopped at once', async ({
  context,
  site,
}) => {
  const { shown, kept } = await runs.stopWhatMoved(context, site.url);
  expect(kept.slice(0, shown.length)).toEqual(shown);
});

test('the assistant in a tab that waits answers nothing, and follows what is written and kept in the other', async ({
  context,
  site,
}) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(site.url);
  await untilReady(first);
  await second.goto(site.url);
  await expect(second.getByTestId('status')).toHaveText('In another tab');
  await first.getByTestId('input').fill('Add milk to the shopping list');
  await first.getByTestId('send').click();
  await expect(second.getByTestId('message-user')).toHaveText('Add milk to the shopping list');
  await expect(second.getByTestId('kept').filter({ visible: true })).toContainText('milk');
  await second.getByTestId('use-here').click();
  await untilReady(second);
  await expect(first.getByTestId('status')).toHaveText('In another tab');
  await second.getByTestId('input').fill('Add bread to the shopping list');
  await second.getByTestId('send').click();
  await expect(first.getByTestId('message-user')).toHaveCount(2);
  await expect(first.getByTestId('kept').filter({ visible: true })).toContainText('bread');
});
