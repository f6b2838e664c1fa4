import { buildLab } from '../../tools/lab/build.ts';
import type { Lab } from '../../tools/lab/main.ts';
import { type Site, type SiteOptions, startSite } from '../support/serve.ts';
import type { TestBrowser } from './browser.ts';
import type { Kind } from './kinds.ts';
import { Page } from './page.ts';

/** Evaluates a self-contained function on the lab page. */
export type Run = <A, R>(work: (lab: Lab, argument: A) => Promise<R>, argument: A) => Promise<R>;

/** Runs `body` with one browser window, and closes it. */
export async function inBrowser<T>(
  browser: TestBrowser,
  body: (page: Page) => Promise<T>,
): Promise<T> {
  const window = await browser.open();
  try {
    return await body(new Page(window));
  } finally {
    await window.close();
  }
}

/** Opens the lab on a server of its own, or on one that was started; it is ended. */
export async function inLab<T>(
  browser: TestBrowser,
  body: (run: Run) => Promise<T>,
  options: SiteOptions | Site = {},
): Promise<T> {
  const site = 'kill' in options ? options : await startSite(options);
  try {
    return await inBrowser(browser, async (page) => {
      await page.open(`${site.url}lab/`);
      await page.until("'lab' in window");
      return body((work, argument) => page.evaluate(work, argument));
    });
  } finally {
    await site.kill();
  }
}

/** Runs `body` on the lab in a fresh browser. Throws where the browser is missing: a promise about it is not kept. */
export async function inLabOf<T>(
  kind: Kind,
  body: (run: Run, browser: TestBrowser) => Promise<T>,
  options: SiteOptions = {},
): Promise<T> {
  const missing = kind.missing();
  if (missing) throw new Error(`${kind.name} is not here: ${missing}`);
  await buildLab();
  const browser = await kind.start();
  try {
    return await inLab(browser, (run) => body(run, browser), options);
  } finally {
    await browser.stop();
  }
}
