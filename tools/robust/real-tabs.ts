// Operations of the schedules, played in two tabs of the assistant in Chromium.
import { type BrowserContext, chromium, expect, type Page } from '@playwright/test';
import { kept, records } from '../../tests/browser/assistant-data.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import { startSite } from '../../tests/support/serve.ts';

/** As `apps/assistant/test/interleavings.ts` makes them. */
export interface Operation {
  tab: 0 | 1;
  what: 'note' | 'add' | 'timer' | 'remove' | 'ring' | 'new chat' | 'crash';
  after: number;
}

interface Played {
  operations: number;
  crashes: number;
  lost: string[];
  doubled: string[];
}

const ITEMS = ['milk', 'eggs', 'bread', 'butter', 'apples', 'rice', 'coffee', 'cheese'];
const WAIT_MS = 60_000;

/** Plays each script in a context of its own. */
export async function playInTabs(scripts: readonly Operation[][]): Promise<Played> {
  await globalSetup();
  const site = await startSite();
  const browser = await chromium.launch(launchOptions);
  const total: Played = { operations: 0, crashes: 0, lost: [], doubled: [] };
  try {
    for (const script of scripts) {
      const context = await browser.newContext();
      const { lost, doubled } = await play(context, site.url, script);
      total.operations += script.length;
      total.crashes += script.filter(({ what }) => what === 'crash').length;
      total.lost.push(...lost);
      total.doubled.push(...doubled);
      await context.close();
    }
  } finally {
    await browser.close();
    await site.kill();
  }
  return total;
}

async function play(context: BrowserContext, url: string, script: readonly Operation[]) {
  const pages = [await context.newPage(), await context.newPage()];
  for (const page of pages) {
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(url);
  }
  let removals = 0;
  for (const [i, { tab, what, after }] of script.entries()) {
    const page = pages[tab]!;
    if (what === 'crash') await crash(page, after);
    else if (what === 'remove') removals += await remove(page);
    else if (what !== 'ring') await act(page, what, i);
  }
  for (const page of pages) await take(page);
  return judge(pages[1]!, removals);
}

/** Asks for something and ends the page in the middle of it; the next one goes on. */
async function crash(page: Page, after: number): Promise<void> {
  await take(page);
  await send(page, 'Remind me to call mom tomorrow at 5 pm');
  await page.waitForTimeout(10 * after);
  await page.reload();
}

async function act(page: Page, what: Operation['what'], i: number): Promise<void> {
  await take(page);
  if (what === 'new chat') {
    await page.getByTestId('model-button').click();
    const button = page.getByTestId('new-chat');
    if (await button.isVisible()) await button.click();
    else await page.keyboard.press('Escape');
    return;
  }
  const texts = { note: 'Note that the door code is 4711', timer: 'Set a timer for 10 minutes' };
  const text = what === 'add' ? `Add ${ITEMS[i]} to the shopping list` : texts[what as 'note'];
  await send(page, text);
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-state', 'done', { timeout: WAIT_MS });
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByTestId('input').fill(text);
  await page.getByTestId('send').click();
}

/** Takes the first entry of what is kept away, without a look at which tab answers. */
async function remove(page: Page): Promise<number> {
  const button = kept(page)
    .getByRole('button', { name: /^Remove/ })
    .first();
  if (!(await button.isVisible())) return 0;
  await button.click();
  return 1;
}

/** Waits until this tab answers, and asks for that where another one does. */
async function take(page: Page): Promise<void> {
  const here = page.getByTestId('input');
  const elsewhere = page.getByTestId('use-here');
  await expect(here.or(elsewhere)).toBeVisible({ timeout: WAIT_MS });
  if (await elsewhere.isVisible()) await elsewhere.click();
  await expect(page.getByTestId('status')).toHaveText(/Ready|Works offline/, { timeout: WAIT_MS });
  await expect(page.getByTestId('stop')).toHaveCount(0, { timeout: WAIT_MS });
}

interface Stored {
  value?: { id?: string; items?: string[] };
  outcome?: { kind: string; id?: string; op?: string; item?: string };
}

/** Every action that a conversation tells of is carried out once, and what it made is there but for what was removed. */
async function judge(page: Page, removals: number): Promise<{ lost: string[]; doubled: string[] }> {
  const state = (await records(page, 'pocketbit-assistant')).map(
    ([key, value]) => [key, value] as [IDBValidKey[] | string, string],
  );
  const under = (first: string) =>
    state
      .filter(([key]) => Array.isArray(key) && key[0] === first)
      .map(([key, value]) => ({ key: key as string[], stored: JSON.parse(value) as Stored }));
  const chats = (await records(page, 'pocketbit-session'))
    .filter(([key]) => Array.isArray(key) && key[0] === 'chat')
    .flatMap(([, value]) => (JSON.parse(value) as { messages: Message[] }).messages);
  const done = new Map(under('done').map(({ key, stored }) => [key[1]!, stored.outcome!]));
  const made = [...done.values()].flatMap(({ id, op, item }) => id ?? (op === 'add' ? item! : []));
  const there = under('kept').flatMap(({ stored: { value } }) => value?.items ?? value?.id ?? []);
  const missing = made.filter((one) => !there.includes(one));
  const told = chats.filter(({ outcome }) => outcome && KINDS.has(outcome.kind));
  return {
    lost: [
      ...(missing.length > removals ? missing : []),
      ...told.filter(({ id }) => !done.has(id)).map(({ id }) => id),
      ...chats.filter(({ state: at }) => at === 'streaming').map(({ id }) => id),
    ],
    doubled: [
      ...there.filter((one, i) => there.indexOf(one) !== i || !made.includes(one)),
      ...chats
        .filter(({ id }, i) => chats.findIndex((other) => other.id === id) !== i)
        .map(({ id }) => id),
    ],
  };
}

interface Message {
  id: string;
  state: string;
  outcome?: { kind: string };
}

const KINDS = new Set(['timer', 'reminder', 'list', 'note']);
