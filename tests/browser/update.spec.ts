// The app's own files: kept whole or not at all, put right where they are not, and renewed without a tap.
import type { BrowserContext, Page } from '@playwright/test';
import {
  built,
  builtPath,
  PORTAL,
  release,
  type ShellSite,
  startShellSite,
} from '../support/shell-site.ts';
import { ask, untilOffline, untilReady } from './assistant.ts';
import { test as base, expect } from './fixtures.ts';

const test = base.extend<{ shell: ShellSite }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a fixture needs from the pattern
  shell: async ({}, use) => {
    const site = await startShellSite();
    await use(site);
    await site.kill();
  },
});

const isNewer = (page: Page) =>
  expect(page.locator('meta[name=description]')).toHaveAttribute('content', /^Version 2/);

/** Sees that the app starts with no network, looks as it should, and answers. */
async function startsOffline(page: Page, context: BrowserContext): Promise<void> {
  await context.setOffline(true);
  await page.reload();
  await untilOffline(page);
  const rules = await page.evaluate(() => document.styleSheets[0]!.cssRules.length);
  expect(rules).toBeGreaterThan(10);
  expect(await ask(page, 'Set a timer for 10 minutes')).not.toEqual([]);
  await context.setOffline(false);
}

/** The scripts whose bytes make the app, each by what a server says in its place while the app is stored. */
const WRONG = {
  'a page with status 200 for the main script': () => ({ [mainScript()]: { ...PORTAL, after: 1 } }),
  'a page with status 200 for every file but the first': () => ({ '*': { ...PORTAL, after: 1 } }),
  'a script that breaks off': () => ({
    [mainScript()]: { body: built(mainScript()).slice(0, 5000), after: 1 },
  }),
  'another script of the right type': () => ({
    [builtPath('text-', '.js')]: { body: 'export {};', after: 1 },
  }),
  'a style sheet that is a page': () => ({
    [builtPath('index-', '.css')]: { ...PORTAL, after: 1 },
  }),
};
const mainScript = () => /src="\.\/(assets\/index-[^"]+\.js)"/.exec(built('index.html'))![1]!;

for (const [what, answers] of Object.entries(WRONG)) {
  test(`${what} is not kept, and later visits start, also offline (fault 5)`, async ({
    page,
    context,
    shell,
  }) => {
    for (const [path, answer] of Object.entries(answers())) shell.answers.set(path, answer);
    await page.goto(shell.url);
    await page.waitForTimeout(3000);
    shell.answers.clear();
    await page.reload();
    await untilOffline(page);
    await startsOffline(page, context);
  });
}

/** What becomes of files that the browser has kept. */
const HARM = {
  'overwritten with a page': (cache: Cache, key: Request) =>
    cache.put(key, new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } })),
  'cut short under its own type': async (cache: Cache, key: Request) => {
    const old = (await cache.match(key))!;
    await cache.put(key, new Response((await old.text()).slice(0, 100), { headers: old.headers }));
  },
  evicted: (cache: Cache, key: Request) => cache.delete(key),
};

for (const [how, harm] of Object.entries(HARM)) {
  test(`kept files that are ${how} are fetched again (fault 5)`, async ({
    page,
    context,
    shell,
  }) => {
    await page.goto(shell.url);
    await untilOffline(page);
    await harmAll(page, String(harm));
    await page.reload();
    await untilOffline(page);
    await startsOffline(page, context);
  });
}

/** Does `harm`, the source of a function, to every kept file. */
async function harmAll(page: Page, harm: string): Promise<void> {
  await page.evaluate(`(async () => {
    const act = ${harm};
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const key of await cache.keys()) await act(cache, key);
    }
  })()`);
}

test('a portal while a new version is stored leaves the old one as it was (fault 5)', async ({
  page,
  context,
  shell,
}) => {
  await page.goto(shell.url);
  await untilOffline(page);
  release(shell, '2');
  shell.answers.set('index.html', PORTAL);
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update().catch(() => {}));
  await page.waitForTimeout(2000);
  await page.reload();
  await untilOffline(page);
  await startsOffline(page, context);
  release(shell, '2');
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update().catch(() => {}));
  await isNewer(page);
  await untilOffline(page);
});

/** A worker as versions before this one had: it kept what it was given, and answers with it. */
const DEAD = `
  const name = 'workbox-precache-v2-' + registration.scope;
  const page = new Response('<!doctype html><script type=module src=assets/gone.js></script>', { headers: { 'content-type': 'text/html' } });
  addEventListener('install', (event) => event.waitUntil(caches.open(name).then((cache) => cache.put('index.html?__WB_REVISION__=1', page))));
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('message', ({ data }) => data === 'activate' && skipWaiting());
  addEventListener('fetch', (event) => event.request.mode === 'navigate' && event.respondWith(caches.match('index.html?__WB_REVISION__=1')));
`;

test('a dead app that an earlier version left behind is replaced (fault 5)', async ({
  page,
  context,
  shell,
}) => {
  shell.answers.set('sw.js', { body: DEAD });
  await page.goto(shell.url);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.reload();
  await expect(page.getByTestId('status')).toHaveCount(0);
  shell.answers.clear();
  await page.reload();
  await untilOffline(page);
  await startsOffline(page, context);
  const names = await page.evaluate(() => caches.keys());
  expect(names.filter((name) => name.startsWith('workbox'))).toEqual([]);
});

test('the server says 404 to what is not there, whoever asks (fault 5)', async ({
  page,
  shell,
}) => {
  await page.goto(shell.url);
  for (const path of [
    'assets/gone.js',
    'assets/gone.css',
    'gone.wasm',
    'icons/gone.png',
    'models/gone.gguf',
  ]) {
    const [status, type] = await page.evaluate(async (url) => {
      const { status, headers } = await fetch(url);
      return [status, headers.get('content-type')] as const;
    }, path);
    expect(status, path).toBe(404);
    expect(type, path).not.toContain('html');
  }
});

const stamp = (page: Page) => page.evaluate(() => Reflect.set(window, 'sameVisit', true));
const sameVisit = (page: Page) => page.evaluate(() => Reflect.has(window, 'sameVisit'));
const update = (page: Page) =>
  page.evaluate(async () => {
    await (await navigator.serviceWorker.ready).update();
  });

test('a new version waits for the answer in either of two tabs, then both have it, without a tap (fault 28)', async ({
  page,
  context,
  shell,
}) => {
  test.slow();
  await page.goto(`${shell.url}?model=files/random-125m-1.gguf`);
  await untilOffline(page);
  const other = await context.newPage();
  await other.goto(`${shell.url}?model=files/random-125m-1.gguf`);
  await expect(other.getByTestId('elsewhere')).toBeVisible();
  await page.bringToFront();
  await page.getByTestId('input').fill('abcd');
  await page.getByTestId('send').click();
  const answer = page.getByTestId('message-assistant');
  await expect(answer).toHaveAttribute('data-ids', /\d/);
  await Promise.all([stamp(page), stamp(other)]);
  release(shell, '2');
  await update(other);
  await page.waitForTimeout(4000);
  expect(await answer.getAttribute('data-state')).toBe('streaming');
  expect([await sameVisit(page), await sameVisit(other)]).toEqual([true, true]);
  await page.getByTestId('stop').click();
  await expect(answer).toHaveAttribute('data-state', 'done');
  const ids = await answer.getAttribute('data-ids');
  await Promise.all([isNewer(page), isNewer(other)]);
  await expect(answer).toHaveAttribute('data-ids', ids!);
  await untilOffline(page);
});

test('an idle tab has a new version at once; what is half written stays (fault 28)', async ({
  page,
  shell,
}) => {
  await page.goto(shell.url);
  await untilOffline(page);
  await ask(page, 'Set a timer for 10 minutes');
  await page.getByTestId('input').fill('half a sent');
  await stamp(page);
  release(shell, '2');
  await update(page);
  await page.waitForTimeout(3000);
  expect(await sameVisit(page)).toBe(true);
  await page.getByRole('button', { name: 'Use it' }).click();
  await isNewer(page);
  await expect(page.getByTestId('input')).toHaveValue('half a sent');
  await page.getByTestId('input').fill('');
  await stamp(page);
  release(shell, '2 again');
  await update(page);
  await expect.poll(() => sameVisit(page).catch(() => true)).toBe(false);
  await untilReady(page);
  await expect(page.getByTestId('card')).toHaveCount(1);
});
