// How long the page's thread was busy at a stretch.
import type { Page } from '@playwright/test';

const STILL_MS = 400;

/** From its next navigation on the page notes its longest task, ms; Chromium reports those of 50 ms and more. */
export async function watchTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Reflect.set(window, 'longest', 0);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        Reflect.set(window, 'longest', Math.max(Reflect.get(window, 'longest'), duration));
      }
    }).observe({ type: 'longtask', buffered: true });
  });
}

export const longestTask = (page: Page) =>
  page.evaluate<number>(() => Reflect.get(window, 'longest'));

/** Characters of answers on the screen. */
export const proseLength = (page: Page) =>
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
