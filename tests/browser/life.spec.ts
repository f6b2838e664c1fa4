// The assistant through reloads, crashes, other tabs and small devices.
import type { Page } from '@playwright/test';
import { expectedAnswer } from '../support/engine.ts';
import { hide } from '../support/hide.ts';
import { bundledModel } from '../support/paths.ts';
import { markCrash } from '../support/screens.ts';
import { ask, idsOf, untilReady } from './assistant.ts';
import { expect, test } from './fixtures.ts';

const STORY = 'Tell me a story about a fox';
const TIMER = 'Set a timer for 10 minutes';

/** Lets a test end workers, and slows every token down to what a phone needs, so that there is a middle to interrupt. */
const instrument = () => {
  const RealWorker = Worker;
  const workers: Worker[] = [];
  Object.assign(window, {
    workers,
    Worker: class extends RealWorker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers.push(this);
      }
    },
  });
};

/** A model that never ends by itself and takes some time for each token. */
const SLOW = '?model=files/random-125m-1.gguf';

const answers = (page: Page) => page.getByTestId('message-assistant');

async function begin(page: Page, text: string, tokens: number): Promise<void> {
  await page.getByTestId('input').fill(text);
  await page.getByTestId('send').click();
  const enough = new RegExp(`^(\\d+,){${tokens}}`);
  await expect(answers(page).last()).toHaveAttribute('data-ids', enough, { timeout: 60_000 });
}

async function lastIds(page: Page): Promise<number[]> {
  return idsOf((await answers(page).last().getAttribute('data-ids')) ?? '');
}

test('a reload in the middle of an answer: it goes on by itself, to the same tokens, with a quiet line', async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await untilReady(page);
  const expected = await expectedAnswer(bundledModel, STORY);
  await page.getByTestId('input').fill(STORY);
  await page.getByTestId('send').click();
  await expect(answers(page)).toHaveAttribute('data-ids', /^(\d+,){3}/);
  await page.reload();
  await expect(answers(page)).toHaveAttribute('data-state', 'done');
  expect(await lastIds(page)).toEqual(expected);
  await expect(page.getByTestId('message-user')).toHaveText(STORY);
});

test('a long sampled answer that is cut by two reloads is the answer of one that is not', async ({
  page,
  context,
  site,
}) => {
  test.slow();
  await page.goto(site.url + SLOW);
  await untilReady(page);
  await begin(page, 'abcd', 20);
  await page.reload();
  await expect(page.getByTestId('notice')).toHaveAttribute('data-notice', 'resumed');
  await expect(answers(page)).toHaveAttribute('data-ids', /^(\d+,){40}/, { timeout: 60_000 });
  await page.reload();
  await expect(answers(page)).toHaveAttribute('data-ids', /^(\d+,){60}/, { timeout: 60_000 });
  await page.getByTestId('stop').click();
  await expect(answers(page)).toHaveAttribute('data-state', 'done');
  const cut = (await lastIds(page)).slice(0, 60);
  await page.close();
  const whole = await context.newPage();
  await whole.goto(site.url + SLOW);
  await untilReady(whole);
  await whole.getByTestId('model-button').click();
  await whole.getByTestId('new-chat').click();
  await begin(whole, 'abcd', 60);
  await whole.getByTestId('stop').click();
  expect((await lastIds(whole)).slice(0, 60)).toEqual(cut);
});

test('a worker that is gone in the middle of an answer is replaced, and the answer goes on', async ({
  page,
  site,
}) => {
  test.slow();
  await page.addInitScript(instrument);
  await page.goto(site.url + SLOW);
  await untilReady(page);
  await begin(page, 'abcd', 20);
  await page.evaluate(() => {
    const worker = window.workers.at(-1)!;
    worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  });
  await expect(page.getByTestId('notice')).toHaveAttribute('data-notice', 'recovered');
  await expect(answers(page)).toHaveAttribute('data-ids', /^(\d+,){40}/, { timeout: 60_000 });
  await page.getByTestId('stop').click();
  await expect(answers(page)).toHaveAttribute('data-state', 'done');
  await page.getByTestId('notice').getByRole('button').click();
  await expect(page.getByTestId('notice')).toHaveCount(0);
});

test('a page that is hidden in the middle of an answer keeps the very token, and no earlier one after it', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}${SLOW}`);
  await untilReady(page);
  await begin(page, 'abcd', 3);
  // Every 16th token is kept anyway; that it is one of those three times in a row is unlikely.
  const between: number[] = [];
  for (let i = 0; i < 3; i++) {
    const shown = (await lastIds(page)).length;
    const points = await page.evaluate(hide, [150, shown] as const);
    expect(Math.max(...points)).toBeGreaterThanOrEqual(shown);
    expect(points).toEqual([...points].sort((a, b) => a - b));
    between.push(...points.filter((at) => at % 16 > 0));
  }
  expect(between.length).toBeGreaterThan(0);
  await page.getByTestId('stop').click();
});

test('earlier conversations are kept beside the new one, and can be opened and deleted', async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await untilReady(page);
  await ask(page, TIMER);
  const sheet = page.getByTestId('model-button');
  const chats = page.getByTestId('chats');
  await sheet.click();
  await page.getByTestId('new-chat').click();
  await expect(page.getByTestId('message-user')).toHaveCount(0);
  await ask(page, STORY);
  await sheet.click();
  await expect(chats.getByRole('listitem')).toHaveCount(1);
  await chats.getByRole('button', { name: `Open “${TIMER}”` }).click();
  await expect(page.getByTestId('message-user')).toHaveText([TIMER]);
  await page.reload();
  await expect(page.getByTestId('message-user')).toHaveText([TIMER]);
  await untilReady(page);
  await sheet.click();
  await chats.getByRole('button', { name: `Delete “${STORY}”` }).click();
  await expect(chats.getByRole('listitem')).toHaveCount(0);
});

test('what an older version kept as one list is there', async ({ page, site }) => {
  await page.goto(`${site.url}icons/icon.svg`);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('pocketbit-assistant');
        open.onupgradeneeded = () => open.result.createObjectStore('state');
        open.onsuccess = () => {
          const write = open.result.transaction('state', 'readwrite');
          const message = { id: '1', role: 'user', text: 'from before', ids: [], state: 'done' };
          write.objectStore('state').put([message], 'messages');
          write.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
  );
  for (let visit = 0; visit < 2; visit++) {
    await page.goto(site.url);
    await untilReady(page);
    await expect(page.getByTestId('message-user')).toHaveText(['from before']);
  }
});

test('after a visit that ended in the middle the model starts smaller until it has answered; after a second one it stays so', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}icons/icon.svg`);
  const source = `${site.url}models/pocketbit-actions.gguf`;
  const notice = page.getByTestId('notice');
  await markCrash(page, source, 512);
  await page.goto(site.url);
  await untilReady(page);
  await expect(notice).toHaveAttribute('data-notice', 'smaller');
  await expect(notice).toContainText('closed by itself');
  await expect(notice).toContainText('256 tokens');
  await page.reload();
  await untilReady(page);
  await expect(notice).toContainText('To fit on this device');
  expect(await ask(page, TIMER)).toEqual(await expectedAnswer(bundledModel, TIMER));
  await page.reload();
  await untilReady(page);
  await expect(notice).toHaveCount(0);
  await markCrash(page, source, 512);
  for (const why of ['closed by itself', 'To fit on this device']) {
    await page.reload();
    await untilReady(page);
    await expect(notice).toContainText(why);
    await ask(page, TIMER);
  }
});
