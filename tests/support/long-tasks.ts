// How long the page's thread was busy at a stretch.
import type { Browser, Page } from '@playwright/test';

const STILL_MS = 400;

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  args?: { name?: string };
  /** Time that the thread ran, µs. */
  tdur?: number;
}

/**
 * The longest task of a page's main thread during `body`, in ms that the thread ran: what other processes take of the machine
 * does not count.
 */
export async function longestTask(
  browser: Browser,
  page: Page,
  body: () => Promise<void>,
): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await body();
  const trace = JSON.parse((await browser.stopTracing()).toString());
  const events: TraceEvent[] = trace.traceEvents;
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const named = events.filter(({ args }) => args?.name === 'CrRendererMain');
  const mains = new Set(named.map(thread));
  const tasks = events.filter(
    (event) => event.name.includes('RunTask') && mains.has(thread(event)),
  );
  if (tasks.length === 0) throw new Error('the browser traced no task');
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1000;
}

/** Characters of answers on the screen. */
const proseLength = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-testid=prose]')].reduce(
      (sum, { textContent }) => sum + textContent!.length,
      0,
    ),
  );

/** Waits until answers are there and no longer grow; their characters. */
export async function untilStill(page: Page): Promise<number> {
  let before = 0;
  for (;;) {
    await page.waitForTimeout(STILL_MS);
    const now = await proseLength(page);
    if (now > 0 && now === before) return now;
    before = now;
  }
}
