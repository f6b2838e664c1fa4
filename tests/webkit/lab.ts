import type { Lab } from '../lab/main.ts';
import { type Site, startSite } from '../support/serve.ts';
import type { WebKit } from './browser.ts';
import { Page } from './page.ts';

/** Evaluates a self-contained function on the lab page. */
export type Run = <A, R>(work: (lab: Lab, argument: A) => Promise<R>, argument: A) => Promise<R>;

/** Runs `body` with one browser window, and quits it. */
export async function inBrowser(
  webkit: WebKit,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const driver = await webkit.open();
  try {
    await body(new Page(driver));
  } finally {
    await driver.quit();
  }
}

/** Opens the lab on a server of its own. */
export async function inLab(webkit: WebKit, body: (run: Run) => Promise<void>): Promise<void> {
  const site: Site = await startSite();
  try {
    await inBrowser(webkit, async (page) => {
      await page.open(`${site.url}lab/`);
      await page.until("'lab' in window");
      await body((work, argument) => page.evaluate(work, argument));
    });
  } finally {
    await site.kill();
  }
}
