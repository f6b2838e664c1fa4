// Several tabs of one browser on one model: what they do to its download, its store and its answers.
import { type BrowserContext, expect, type Page } from '@playwright/test';
import type {} from '../../tools/lab/main.ts';
import type { CountingSite } from './counting-site.ts';

/** 65 MB in sixteen chunks. */
const MODEL = '../files/random-125m-1.gguf';
export const CHUNK_BYTES = 4 * 1024 * 1024;
const WAIT_MS = 60_000;

/** What a tab came to. */
export interface TabOutcome {
  fileBytes: number;
  sha256: string;
  /** Whether it received reports how far another tab's download was. */
  followed: boolean;
}

/** What the store held in the end. */
export interface StoreOutcome {
  chunks: number;
  damagedChunks: number;
  unfinished: number;
}

declare global {
  interface Window {
    outcome: Promise<TabOutcome>;
    loadedBytes: number;
  }
}

export async function openTabs(
  context: BrowserContext,
  site: CountingSite,
  count: number,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let i = 0; i < count; i++) pages.push(await context.newPage());
  await Promise.all(
    pages.map(async (page) => {
      await page.goto(`${site.url}lab/`);
      await page.waitForFunction(() => 'lab' in window);
    }),
  );
  return pages;
}

/** Begins a load in each tab, all at once; a small context keeps the memory of many tabs small. */
export async function beginLoads(pages: readonly Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.evaluate(beginLoad, MODEL)));
}

async function beginLoad(model: string): Promise<void> {
  let followed = false;
  window.loadedBytes = 0;
  const options = {
    contextLength: 64,
    kernels: 'default',
    onProgress(progress: { loadedBytes: number; elsewhere?: true }) {
      window.loadedBytes = progress.loadedBytes;
      followed ||= progress.elsewhere === true;
    },
  } as const;
  window.outcome = window.lab.pocketbit.load(model, options).then(async (loaded) => {
    const { fileBytes, sha256 } = loaded.info;
    await loaded.generate('abcd', { raw: true, maxTokens: 2 }).result;
    await loaded.close();
    return { fileBytes, sha256, followed };
  });
  window.outcome.catch(() => {});
}

export function outcomeOf(page: Page): Promise<TabOutcome> {
  return page.evaluate(() => window.outcome);
}

/** Waits until the tab has loaded, or been told of, so many bytes. */
export async function untilLoaded(page: Page, bytes: number): Promise<void> {
  await page.waitForFunction((min) => window.loadedBytes >= min, bytes, { timeout: WAIT_MS });
}

/** What became of a download whose tab ended, bytes. */
export interface Interruption {
  /** Where each request to the server began. */
  starts: number[];
  /** What the store held when the last of them came. */
  stored: number;
  /** Bytes that the first tab had reported to the others when it ended. */
  reported: number;
  /** Of every tab that came to one. */
  outcomes: TabOutcome[];
  store: StoreOutcome;
}

/** Longer than the others need to find a frozen tab out and to finish. */
const FROZEN_MS = 20_000;

/** Tabs load at once; the one that downloads is closed in the middle, or its worker frozen for a while. */
export async function interrupt(
  context: BrowserContext,
  site: CountingSite,
  count: number,
  how: 'closed' | 'frozen',
): Promise<Interruption> {
  const pages = await openTabs(context, site, count);
  await beginLoads(pages);
  for (const page of pages) await untilLoaded(page, 2.5 * CHUNK_BYTES);
  const leader = await leaderOf(pages);
  const others = pages.filter((page) => page !== leader);
  let [stored, reported] = [0, 0];
  site.before = async () => {
    stored = await storedBytes(others[0]!);
    reported = Math.max(...(await Promise.all(others.map(loadedBytes))));
  };
  if (how === 'closed') await leader.close();
  else freezeWorkers(leader, FROZEN_MS);
  const outcomes = await Promise.all(others.map(outcomeOf));
  if (how === 'frozen') outcomes.push(await outcomeOf(leader));
  return { starts: site.starts, stored, reported, outcomes, store: await verify(others[0]!) };
}

function loadedBytes(page: Page): Promise<number> {
  return page.evaluate(() => window.loadedBytes);
}

/** Bytes of unfinished downloads in the store. */
export function storedBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { unfinished } = await window.lab.pocketbit.storageEstimate();
    return unfinished.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
  });
}

/** The first of the tabs that downloads itself. */
async function leaderOf(pages: readonly Page[]): Promise<Page> {
  for (const page of pages) {
    const holds = await page.evaluate(async () => {
      const { held = [] } = await navigator.locks.query();
      return held.find(({ name }) => name?.includes('.gguf'))?.clientId;
    });
    const workers = await Promise.all(page.workers().map((worker) => worker.evaluate(clientId)));
    if (workers.includes(holds ?? '')) return page;
  }
  throw new Error('no tab holds the lock of the download');
}

/** A lock's holder is named by its client id; a worker learns its own by taking a lock. */
function clientId(): Promise<string | undefined> {
  const name = `who-${Math.random()}`;
  return navigator.locks.request(name, async () => {
    const { held = [] } = await navigator.locks.query();
    return held.find((lock) => lock.name === name)?.clientId;
  });
}

/** Reads every chunk and compares it with its hash. */
export function verify(page: Page): Promise<StoreOutcome> {
  return page.evaluate(async (model) => {
    const { verifyModel, storageEstimate } = window.lab.pocketbit;
    const { chunks, damagedChunks } = await verifyModel(model);
    return { chunks, damagedChunks, unfinished: (await storageEstimate()).unfinished.length };
  }, MODEL);
}

/** Freezes a page as a phone freezes one in the background, its locks held; or lets it go on. Its workers run. */
export async function setFrozen(page: Page, frozen: boolean): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' });
  await session.detach();
}

/** Keeps the workers of a page from doing or answering anything for `ms`, as a phone does that freezes them too. */
function freezeWorkers(page: Page, ms: number): void {
  const spin = (length: number) => {
    const end = Date.now() + length;
    while (Date.now() < end);
  };
  for (const worker of page.workers()) worker.evaluate(spin, ms).catch(() => {});
}

/** How the first tab loses the model: its user asks in another, it is frozen while he does, or it is closed. */
export type Move = 'asked' | 'frozen' | 'closed';

/** Makes an answer that never ends by itself and takes some time for each token. */
const SLOW = '?model=files/random-125m-1.gguf';
const TOKENS = 60;
const answers = (page: Page) => page.getByTestId('message-assistant');

/** Begins an answer in one tab of the assistant and ends it in another: its first ids. */
export async function moveAnswer(
  context: BrowserContext,
  url: string,
  how: Move,
): Promise<number[]> {
  const first = await openAssistant(context, url);
  await begin(first, TOKENS / 3);
  const second = await openAssistant(context, url);
  const waits = second.getByTestId('elsewhere');
  await expect(waits).toBeVisible({ timeout: WAIT_MS });
  await expect(second.getByTestId('message-user')).toHaveText('abcd');
  await expect(second.getByTestId('input')).toHaveCount(0);
  if (how === 'frozen') await setFrozen(first, true);
  if (how === 'closed') await first.close();
  else await second.getByTestId('use-here').click();
  await untilTokens(second, TOKENS);
  const ids = await stop(second);
  if (how === 'frozen') await setFrozen(first, false);
  if (how !== 'closed') await showsWhatMoved(first, ids);
  await noOtherConversation(second);
  return ids;
}

/** Ends the tab that writes an answer between two of its saved points, and stops the answer as soon as the other tab has it. */
export async function stopWhatMoved(
  context: BrowserContext,
  url: string,
): Promise<{ shown: number[]; kept: number[] }> {
  const first = await openAssistant(context, url);
  await begin(first, TOKENS / 3);
  const second = await openAssistant(context, url);
  await expect(second.getByTestId('elsewhere')).toBeVisible({ timeout: WAIT_MS });
  await first.bringToFront();
  const saved = await first.evaluate(saveBetweenPoints);
  await second.bringToFront();
  await second.waitForFunction(shows, saved, { polling: 20 });
  await first.close();
  const shown = await allIds(second);
  await second.getByTestId('stop').click({ timeout: WAIT_MS });
  await expect(answers(second)).toHaveAttribute('data-state', 'done');
  return { shown, kept: await allIds(second) };
}

/** Saves an answer, as a page does that is left, between two of the points that come every 16 tokens: its tokens. */
async function saveBetweenPoints(): Promise<number> {
  for (;;) {
    const answer = document.querySelector('[data-testid="message-assistant"]');
    const tokens = answer?.getAttribute('data-ids')?.split(',').length ?? 0;
    if (tokens % 16 >= 6 && tokens % 16 < 12) {
      dispatchEvent(new PageTransitionEvent('pagehide'));
      return tokens;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function shows(tokens: number): boolean {
  const answer = document.querySelector('[data-testid="message-assistant"]');
  return (answer?.getAttribute('data-ids')?.split(',').length ?? 0) >= tokens;
}

/** The tab that lost the model waits, and shows the answer of the other. */
async function showsWhatMoved(page: Page, ids: readonly number[]): Promise<void> {
  await expect(page.getByTestId('elsewhere')).toBeVisible({ timeout: WAIT_MS });
  await expect(answers(page)).toHaveAttribute('data-state', 'done');
  expect(await idsIn(page)).toEqual(ids);
}

/** Moving is not copying. */
async function noOtherConversation(page: Page): Promise<void> {
  await page.getByTestId('model-button').click();
  await expect(page.getByTestId('chats')).toBeVisible();
  await expect(page.getByTestId('chats').getByRole('listitem')).toHaveCount(0);
}

/** The first ids of the same answer in one tab alone. */
export async function wholeAnswer(context: BrowserContext, url: string): Promise<number[]> {
  const page = await openAssistant(context, url);
  await begin(page, TOKENS);
  return stop(page);
}

async function openAssistant(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url + SLOW);
  return page;
}

async function begin(page: Page, tokens: number): Promise<void> {
  await page.getByTestId('input').fill('abcd');
  await expect(page.getByTestId('send')).toBeEnabled({ timeout: WAIT_MS });
  await page.getByTestId('send').click();
  await untilTokens(page, tokens);
}

async function untilTokens(page: Page, tokens: number): Promise<void> {
  const enough = new RegExp(`^(\\d+,){${tokens}}`);
  await expect(answers(page)).toHaveAttribute('data-ids', enough, { timeout: WAIT_MS });
}

async function stop(page: Page): Promise<number[]> {
  await page.getByTestId('stop').click();
  await expect(answers(page)).toHaveAttribute('data-state', 'done');
  return idsIn(page);
}

async function idsIn(page: Page): Promise<number[]> {
  return (await allIds(page)).slice(0, TOKENS);
}

async function allIds(page: Page): Promise<number[]> {
  const ids = (await answers(page).getAttribute('data-ids')) ?? '';
  return ids.split(',').map(Number);
}
