import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import { type Site, type SiteOptions, startSite } from '../../tests/support/serve.ts';
import { buildLab, buildPeer, peerBuild } from '../lab/build.ts';

/** Chromium on a page of a test site. */
export interface LabBrowser {
  readonly page: Page;
  readonly browser: Browser;
  readonly site: Site;
}

/** Builds the lab, serves it with the built assistant, and runs `body` with Chromium open on it. */
export async function withLab<T>(
  body: (lab: LabBrowser) => Promise<T>,
  options: SiteOptions = {},
): Promise<T> {
  await buildLab();
  return onPage('lab', options, body);
}

/** Runs `body` on a Chromium page with @wllama/wllama as `window.peer`; `mounts` are further folders to serve. */
export async function withWllama<T>(
  mounts: Record<string, string>,
  body: (page: Page) => Promise<T>,
): Promise<T> {
  await buildPeer();
  return onPage('peer', { mounts: { ...mounts, '/peer/': peerBuild } }, ({ page }) => body(page));
}

async function onPage<T>(
  name: 'lab' | 'peer',
  options: SiteOptions,
  body: (lab: LabBrowser) => Promise<T>,
): Promise<T> {
  const site = await startSite(options);
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    // A long measurement is one call into the page.
    page.setDefaultTimeout(0);
    await page.goto(`${site.url}${name}/`);
    await page.waitForFunction((global) => global in window, name);
    return await body({ page, browser, site });
  } finally {
    await browser.close();
    await site.kill();
  }
}
