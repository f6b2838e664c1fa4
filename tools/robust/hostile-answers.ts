import { basename } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { answeringModel } from '../../tests/models/answering.ts';
import { answerOf, pieceOf, SHAPES } from '../../tests/support/answer-shapes.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import { keepAnswer } from '../../tests/support/kept-chat.ts';
import { longestTask, untilStill } from '../../tests/support/long-tasks.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';
import { untilReady } from '../house/assistant.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

const TARGET_MS = 50;
/** A task in which the browser compiled or collected is measured again; one that is too long by itself stays so. */
const TRIES = 3;
const WAIT_MS = 60_000;
/** Of 100,000 characters some are marks, tags and addresses, which are not shown. */
const LEAST = 10_000;

/** Goes to where the answer begins to come, and returns what lets it come. */
type Visit = (page: Page, site: Site, name: string) => Promise<() => Promise<unknown>>;

/** The assistant with answers of each shape: as a model streams them, and as the next visit opens them. */
export const hostileAnswers: Check = {
  title: `100 kB of each of ${Object.keys(SHAPES).length} shapes of markdown: the longest task of the page`,
  async run({ note }): Promise<Figure[]> {
    await globalSetup();
    const site = await startSite();
    try {
      return [
        await figure('streamed', streamed, site, note),
        await figure('opened again', opened, site, note),
      ];
    } finally {
      await site.kill();
    }
  },
};

async function figure(
  label: string,
  visit: Visit,
  site: Site,
  note: (text: string) => void,
): Promise<Figure> {
  let longest = 0;
  for (const name of Object.keys(SHAPES)) {
    const task = await shortest(() => measured(visit, site, name));
    if (task > TARGET_MS) note(`${label}, ${name}: ${Math.round(task)} ms`);
    longest = Math.max(longest, task);
  }
  return bounded(`${label}: longest task of ours`, longest, { max: TARGET_MS }, milliseconds);
}

const milliseconds = (value: number) => `${value.toFixed(0)} ms`;

async function shortest(measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && least > TARGET_MS; i++) least = Math.min(least, await measure());
  return least;
}

/** The longest task from the answer's beginning until all of it is there, in time that the page's thread ran. */
async function measured(visit: Visit, site: Site, name: string): Promise<number> {
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const begin = await visit(page, site, name);
    return await longestTask(browser, page, async () => {
      await begin();
      const characters = await untilStill(page);
      if (characters < LEAST) throw new Error(`${name}: only ${characters} characters are there`);
    });
  } finally {
    await browser.close();
  }
}

const streamed: Visit = async (page, site, name) => {
  const file = answeringModel(name.replaceAll(' ', '-'), pieceOf(SHAPES[name]!));
  await page.goto(`${site.url}?model=files/${basename(file)}`);
  await untilReady(page);
  return async () => {
    await page.getByTestId('input').fill('go');
    await page.getByTestId('send').click();
    await page.locator('[data-testid=message-assistant][data-state=done]').waitFor();
  };
};

const opened: Visit = async (page, site, name) => {
  await keepAnswer(page, site, answerOf(SHAPES[name]!));
  return async () => {
    await page.goto(site.url);
    await untilReady(page);
  };
};
