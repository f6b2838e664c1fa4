import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import { type Site, type SiteOptions, startSite } from '../../tests/support/serve.ts';
import { buildLab } from '../lab/build.ts';

/** Chromium on the lab page of a test site. */
export interface LabBrowser {
  readonly page: Page;
  readonly browser: Browser;
  readonly site: Site;
}

/** Builds the lab, serves it with the built assistant, and runs `body` with Chromium open on it. */
export async function withLab<T>(
  body: (lab: LabBrowser) => Promise<T>,
  options: SiteOptions & { path?: string } = {},
): Promise<T> {
  await buildLab();
  const site = await startSite(options);
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    // A long measurement is one call into the page.
    page.setDefaultTimeout(0);
    await page.goto(`${site.url}${options.path ?? 'lab/'}`);
    await page.waitForFunction(() => 'lab' in window);
    return await body({ page, browser, site });
  } finally {
    await browser.close();
    await site.kill();
  }
}
