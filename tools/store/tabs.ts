import { type Browser, chromium } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import { type CountingSite, startCountingSite } from '../../tests/support/counting-site.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import * as runs from '../../tests/support/tab-runs.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

/** Bytes a second that the server sends, so that a download has a middle. */
const RATE = 16e6;
const TABS = 5;

/** Tabs that load one model at once, and what the server sent them. */
export const tabs: Check = {
  title: 'two and five tabs at once: one download, no corruption, the leader closed or frozen',
  async run(): Promise<Figure[]> {
    await globalSetup();
    const browser = await chromium.launch(launchOptions);
    try {
      return [
        ...(await together(browser, 2)),
        ...(await together(browser, 5)),
        ...(await interrupted(browser, 'closed')),
        ...(await interrupted(browser, 'frozen')),
        ...(await moved(browser, 'closed')),
        ...(await moved(browser, 'asked')),
        ...(await moved(browser, 'frozen')),
      ];
    } finally {
      await browser.close();
    }
  },
};

async function inTabs<T>(
  browser: Browser,
  body: (context: Awaited<ReturnType<Browser['newContext']>>, site: CountingSite) => Promise<T>,
): Promise<T> {
  const site = await startCountingSite(RATE);
  const context = await browser.newContext();
  try {
    return await body(context, site);
  } finally {
    await context.close();
    await site.kill();
  }
}

function together(browser: Browser, count: number): Promise<Figure[]> {
  return inTabs(browser, async (context, site) => {
    const pages = await runs.openTabs(context, site, count);
    await runs.beginLoads(pages);
    const outcomes = await Promise.all(pages.map(runs.outcomeOf));
    const { fileBytes } = outcomes[0]!;
    const { requests, bytes } = site.sent;
    return [
      {
        label: `${count} tabs: sent by the server`,
        value: `${requests} request, ${bytes} bytes`,
        target: `1 request, ${fileBytes} bytes`,
        pass: requests === 1 && bytes === fileBytes,
      },
      intact(`${count} tabs`, await runs.verify(pages[0]!), outcomes),
    ];
  });
}

/** Chunks compared with their hashes, and every tab's hash of the whole file with the others'. */
function intact(
  label: string,
  { chunks, damagedChunks, unfinished }: runs.StoreOutcome,
  outcomes: readonly runs.TabOutcome[],
): Figure {
  const files = new Set(outcomes.map(({ sha256 }) => sha256)).size;
  return {
    label: `${label}: the store`,
    value: `${damagedChunks} of ${chunks} chunks damaged, ${unfinished} drafts left, ${files} file in ${outcomes.length} tabs`,
    target: 'none damaged, none left, one file',
    pass: damagedChunks === 0 && unfinished === 0 && files === 1,
  };
}

function interrupted(browser: Browser, how: 'closed' | 'frozen'): Promise<Figure[]> {
  const label = `leader ${how} in the middle of a download`;
  return inTabs(browser, async (context, site) => {
    const run = await runs.interrupt(context, site, TABS, how);
    const { starts, stored, reported } = run;
    return [
      {
        label: `${label}: requests from byte`,
        value: starts.join(', '),
        target: `0, ${stored}, where the store ended`,
        pass: starts.join() === `0,${stored}`,
      },
      bounded(
        `${label}: bytes that the others had been told of, fetched again`,
        Math.max(0, reported - stored),
        { max: runs.CHUNK_BYTES - 1 },
        String,
      ),
      intact(label, run.store, run.outcomes),
    ];
  });
}

function moved(browser: Browser, how: runs.Move): Promise<Figure[]> {
  return inTabs(browser, async (context, site) => {
    const alone = await browser.newContext();
    const ids = await runs.moveAnswer(context, site.url, how);
    const expected = await runs.wholeAnswer(alone, site.url);
    await alone.close();
    const same = ids.join() === expected.join();
    return [
      {
        label: `leader ${how} in the middle of an answer: tokens`,
        value: same ? `${ids.length}, the same` : ids.join(),
        target: 'those of an uninterrupted answer',
        pass: same,
      },
    ];
  });
}
