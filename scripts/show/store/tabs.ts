import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../../tests/support/chromium.ts';
import { type CountingSite, startCountingSite } from '../../../tests/support/counting-site.ts';
import globalSetup from '../../../tests/support/global-setup.ts';
import * as runs from '../../../tests/support/tab-runs.ts';
import type { Check, Context, Figure } from '../report.ts';

/** Bytes a second that the server sends, so that a download has a middle. */
const RATE = 16e6;
/** Longer than the others need to find a frozen tab out and to finish. */
const FROZEN_MS = 20_000;

/** Tabs that load one model at once, and what the server sent them. */
export const tabs: Check = {
  title: 'two and five tabs at once: one download, no corruption, the leader closed or frozen',
  async run(context: Context): Promise<Figure[]> {
    await globalSetup();
    const browser = await chromium.launch(launchOptions);
    try {
      return [
        ...(await together(browser, 2)),
        ...(await together(browser, 5)),
        ...(await interrupted(browser, 'closed', context)),
        ...(await interrupted(browser, 'frozen', context)),
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
      await intact(`${count} tabs`, pages[0]!, outcomes),
    ];
  });
}

/** Chunks compared with their hashes, and every tab's hash of the whole file with the others'. */
async function intact(
  label: string,
  page: Page,
  outcomes: readonly runs.TabOutcome[],
): Promise<Figure> {
  const { chunks, damagedChunks, unfinished } = await runs.verify(page);
  const files = new Set(outcomes.map(({ sha256 }) => sha256)).size;
  return {
    label: `${label}: the store`,
    value: `${damagedChunks} of ${chunks} chunks damaged, ${unfinished} drafts left, ${files} file in ${outcomes.length} tabs`,
    target: 'none damaged, none left, one file',
    pass: damagedChunks === 0 && unfinished === 0 && files === 1,
  };
}

function interrupted(
  browser: Browser,
  how: 'closed' | 'frozen',
  { note }: Context,
): Promise<Figure[]> {
  return inTabs(browser, async (context, site) => {
    const pages = await runs.openTabs(context, site, 5);
    await runs.beginLoads(pages);
    for (const page of pages) await runs.untilLoaded(page, 2.5 * runs.CHUNK_BYTES);
    const leader = await runs.leaderOf(pages);
    const others = pages.filter((page) => page !== leader);
    if (how === 'closed') await leader.close();
    else runs.freezeWorkers(leader, FROZEN_MS);
    const outcomes = await Promise.all(others.map(runs.outcomeOf));
    if (how === 'frozen') outcomes.push(await runs.outcomeOf(leader));
    const again = site.sent.bytes - outcomes[0]!.fileBytes;
    note(`leader ${how}: ${site.sent.requests} requests, ${(again / 1e6).toFixed(1)} MB again`);
    return [
      {
        label: `leader ${how} in the middle of a download: requests`,
        value: String(site.sent.requests),
        target: '2, of which the second goes on',
        pass: site.sent.requests === 2 && again < 4 * runs.CHUNK_BYTES,
      },
      await intact(`leader ${how} in the middle of a download`, others[0]!, outcomes),
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
