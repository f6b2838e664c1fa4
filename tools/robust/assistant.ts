// What a user does in the assistant, with the patience of the bound: what fails with a word is tried once more.
import type { Page } from '@playwright/test';
import { Broken, type Play } from './play.ts';

const ANSWERS = '[data-testid=message-assistant]';

/** How the app stands: ready, failed with a code, elsewhere, or still at it. */
function standing(): string | null {
  const text = document.querySelector('[data-testid=status]')?.textContent?.trim() ?? '';
  const code = document.querySelector('[data-testid=error]')?.getAttribute('data-code');
  if (/Ready|Works offline|Not stored/.test(text)) return 'ready';
  if (/another tab/.test(text)) return 'elsewhere';
  return code ? `failed:${code}` : null;
}

async function within<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { message } = error as Error;
    const [line = ''] = message.split('\n');
    throw new Broken(`${what}: nothing within the bound (${line})`);
  }
}

/** Waits within the bound until `holds` is true in the page. */
async function until<A>(
  page: Page,
  play: Play,
  what: string,
  holds: (argument: A) => boolean,
  argument: A,
): Promise<void> {
  const options = { timeout: play.bound, polling: 50 };
  // TypeScript cannot see that what goes through JSON is the same type.
  const found = await within(what, page.waitForFunction(holds as () => boolean, argument, options));
  await found.dispose();
}

/** Waits for an answer of the app about its model; `ready`, `elsewhere` or `failed:code`. */
export async function settled(page: Page, play: Play): Promise<string> {
  const found = await within(
    'the start',
    page.waitForFunction(standing, null, { timeout: play.bound, polling: 50 }),
  );
  const state = await found.jsonValue();
  await found.dispose();
  return state!;
}

/** Opens the app and waits until it is ready; a failure with a code is tried again by its button. */
export async function start(page: Page, play: Play, path = ''): Promise<void> {
  await within('the page', page.goto(play.site.url + path, { timeout: play.bound }));
  await untilReady(page, play);
}

export async function untilReady(page: Page, play: Play): Promise<void> {
  for (let tries = 3; ; tries--) {
    const state = await settled(page, play);
    if (state === 'ready') return;
    if (state === 'elsewhere') await takeOver(page, play);
    else if (tries === 0) throw new Broken(`the start: ${state}, also when tried again`);
    else await tryAgain(page, play);
  }
}

/** Presses the button that an error offers; it may go by itself meanwhile. */
async function tryAgain(page: Page, play: Play): Promise<void> {
  await page
    .getByTestId('retry')
    .click({ timeout: 2000 })
    .catch(() => {});
  play.retried++;
}

/** Takes the model over from the other tab, which is asked again where it did not answer. */
async function takeOver(page: Page, play: Play): Promise<void> {
  const taken = () => {
    const here = document.querySelector<HTMLButtonElement>('[data-testid=use-here]');
    if (here?.disabled === false) here.click();
    return !here;
  };
  await until(page, play, 'taking over', taken, null);
}

/** What became of a message. */
export interface Answered {
  readonly ids: string;
  readonly state: string;
  /** Kind of the card, where the answer was an action. */
  readonly card: string | null;
}

/** Sends a message and waits for its answer; one that failed with a word is asked again, once. */
export async function ask(page: Page, play: Play, text: string): Promise<Answered> {
  for (let again = false; ; again = true) {
    await send(page, play, text);
    const answer = await lastAnswer(page, play, text);
    if (answer.state === 'done' || again) {
      play.check(answer.state === 'done', `“${text}”: ${answer.state}, also when asked again`);
      return answer;
    }
    await untilReady(page, play);
  }
}

/** Types a message and sends it; the message stands on the screen then. */
export async function send(page: Page, play: Play, text: string): Promise<void> {
  const before = await page.getByTestId('message-user').count();
  await within('the composer', page.getByTestId('input').fill(text, { timeout: play.bound }));
  await within('the send button', page.getByTestId('send').click({ timeout: play.bound }));
  const more = (count: number) =>
    document.querySelectorAll('[data-testid=message-user]').length > count;
  await until(page, play, `“${text}” on the screen`, more, before);
}

export async function lastAnswer(page: Page, play: Play, text: string): Promise<Answered> {
  const over = (selector: string) => {
    const all = document.querySelectorAll(selector);
    return /done|failed/.test(all[all.length - 1]?.getAttribute('data-state') ?? '');
  };
  await until(page, play, `the answer to “${text}”`, over, ANSWERS);
  return page
    .locator(ANSWERS)
    .last()
    .evaluate((message) => ({
      ids: message.getAttribute('data-ids') ?? '',
      state: message.getAttribute('data-state') ?? '',
      card: message.querySelector('[data-testid=card]')?.getAttribute('data-kind') ?? null,
    }));
}

/** What the app shows of the user's. */
export interface Shown {
  readonly questions: string[];
  readonly answers: string[];
  /** Lines of what is kept. */
  readonly kept: string[];
  readonly timers: number;
}

export function shown(page: Page): Promise<Shown> {
  return page.evaluate(() => {
    const texts = (selector: string) =>
      [...document.querySelectorAll(selector)].map((found) => found.textContent?.trim() ?? '');
    const ids = [...document.querySelectorAll('[data-testid=message-assistant]')];
    return {
      questions: texts('[data-testid=message-user]'),
      answers: ids.map((found) => found.getAttribute('data-ids') ?? ''),
      kept: texts('aside [data-testid=kept] .entry p:first-child'),
      timers: document.querySelectorAll('aside [data-testid=timer]').length,
    };
  });
}

/** Whether the app says on the screen that something could not be stored. */
export function toldUnkept(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const places = '[data-testid=notice], [data-testid=error], .toasts, .failure, [role=alert]';
    const said = [...document.querySelectorAll(places)].map((place) => place.textContent);
    return /not (be )?(kept|stored|saved)|could not (keep|store|save)/i.test(said.join(' '));
  });
}

/** Opens the sheet with the conversations: titles of the other ones. */
export async function otherChats(page: Page, play: Play): Promise<string[]> {
  await page.getByTestId('model-button').click();
  await within('the sheet', page.getByTestId('chats').waitFor({ timeout: play.bound }));
  await page.waitForTimeout(150);
  const titles = await page.getByTestId('chats').locator('.one-line').allTextContents();
  await page.locator('dialog[open] button[aria-label=Close]').click();
  return titles.sort();
}
