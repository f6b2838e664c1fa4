// Every screen of the product, as steps to it: for accessibility checks and for screenshots.
import { expect, type Page } from '@playwright/test';

export interface Screen {
  readonly name: string;
  /** Path on the site. */
  readonly path: string;
  /** Brings the page to the state worth seeing. */
  readonly arrive: (page: Page) => Promise<void>;
}

/** A phone and a laptop, CSS pixels. */
export const SIZES = [
  { name: 'phone', width: 390, height: 844 },
  { name: 'laptop', width: 1280, height: 800 },
] as const;

export const SCHEMES = ['light', 'dark'] as const;

const CARDS = [
  'Set a timer for 10 minutes',
  'Remind me to call mom tomorrow at 5 pm',
  'Add milk to the shopping list',
  'Convert 10 km to miles',
  'calculate 15% of 80',
];

const ready = (page: Page) => expect(page.getByTestId('status')).toHaveText('Works offline');

async function send(page: Page, text: string): Promise<void> {
  await page.getByTestId('input').fill(text);
  await page.getByTestId('send').click();
}

async function ask(page: Page, text: string): Promise<void> {
  await send(page, text);
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).not.toHaveAttribute('data-state', 'streaming');
}

/** Leaves behind what a visit leaves that was killed while `source` was loaded with `contextLength` positions. */
export async function markCrash(page: Page, source: string, contextLength: number): Promise<void> {
  await page.evaluate(
    ([key, positions]) =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('pocketbit-session');
        open.onupgradeneeded = () => open.result.createObjectStore('records');
        open.onsuccess = () => {
          const write = open.result.transaction('records', 'readwrite');
          const size = { contextLength: positions, residentBytes: 1 };
          const mark = { phase: 'load', ...size, at: 1, visit: 'x' };
          write.objectStore('records').put(mark, ['mark', key]);
          write.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
    [source, contextLength] as const,
  );
}

export const SCREENS: readonly Screen[] = [
  { name: 'empty', path: '', arrive: ready },
  {
    name: 'story',
    path: '',
    async arrive(page) {
      await ready(page);
      await ask(page, 'Tell me a story about a fox');
    },
  },
  {
    name: 'cards',
    path: '',
    async arrive(page) {
      await ready(page);
      for (const text of CARDS) await ask(page, text);
    },
  },
  {
    name: 'unknown',
    path: '',
    async arrive(page) {
      await ready(page);
      await ask(page, "What's the weather like in Paris?");
    },
  },
  {
    name: 'elsewhere',
    path: '',
    async arrive(page) {
      await ready(page);
      await ask(page, 'Tell me a story about a fox');
      const other = await page.context().newPage();
      await other.goto(page.url());
      await other.getByTestId('use-here').click();
      await expect(page.getByTestId('elsewhere')).toBeVisible();
      await expect(page.getByTestId('use-here')).toBeEnabled();
    },
  },
  {
    name: 'model',
    path: '',
    async arrive(page) {
      await ready(page);
      await page.getByTestId('model-button').click();
      await expect(page.getByTestId('model-card')).toBeVisible();
    },
  },
  {
    name: 'stored',
    path: '?model=files/random-125m-1.gguf%3Fhold%3D9000000',
    async arrive(page) {
      await expect(page.getByTestId('loading')).toContainText(/[4-9]\.\d MB of/);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Use the built-in model' }).click();
      await ready(page);
      await page.getByTestId('model-button').click();
      await expect(page.getByTestId('unfinished')).toBeVisible();
      await page.getByRole('button', { name: 'Check pocketbit-actions.gguf' }).click();
      const work = page.getByTestId('work');
      await expect(work).toHaveAttribute('data-state', 'good');
      await work.evaluate((line) => line.closest('section')?.scrollIntoView());
    },
  },
  {
    name: 'crashed',
    path: '',
    async arrive(page) {
      await ready(page);
      await ask(page, 'Tell me a story about a fox');
      const source = new URL('models/pocketbit-actions.gguf', page.url()).href;
      await markCrash(page, source, 512);
      await page.reload();
      await ready(page);
      await expect(page.getByTestId('notice')).toBeVisible();
    },
  },
  {
    name: 'kept',
    path: '',
    async arrive(page) {
      await ready(page);
      for (const text of CARDS.slice(0, 3)) await ask(page, text);
      const button = page.getByRole('button', { name: /^Kept for you/ });
      if (await button.isVisible()) await button.click();
      await expect(page.getByTestId('kept').filter({ visible: true })).toHaveCount(1);
    },
  },
  {
    name: 'loading',
    path: '?model=models/pocketbit-actions.gguf%3Fhold%3D700000',
    arrive: (page) => expect(page.getByTestId('loading')).toContainText('of'),
  },
  {
    name: 'stopped',
    path: '?model=files/random-125m-1.gguf%3Fhold%3D700000',
    async arrive(page) {
      await page.getByRole('button', { name: 'Cancel' }).click();
      await expect(page.getByTestId('error')).toBeVisible();
    },
  },
  {
    name: 'error',
    path: '?model=files/hostile/missing-tensor.gguf',
    arrive: (page) => expect(page.getByTestId('error')).toBeVisible(),
  },
  {
    name: 'embed',
    path: 'embed.html',
    async arrive(page) {
      const chat = page.locator('pocketbit-chat');
      await chat.getByRole('textbox').fill('Set a timer for 10 minutes');
      await chat.getByRole('textbox').press('Enter');
      await expect(chat.locator('[data-ids]')).toHaveCount(1);
    },
  },
  {
    name: 'bench',
    path: 'bench/',
    arrive: (page) => expect(page.getByTestId('run')).toBeVisible(),
  },
  {
    name: 'bench-result',
    path: 'bench/',
    async arrive(page) {
      await page.getByTestId('run').click();
      await expect(page.getByTestId('result')).toBeVisible({ timeout: 90_000 });
    },
  },
];
