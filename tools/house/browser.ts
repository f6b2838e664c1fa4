import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import { root } from '../../tests/support/paths.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';
import type { house } from './page/main.js';

declare global {
  interface Window {
    house: typeof house;
  }
}

const WAIT_MS = 120_000;
/** Beside the bench, which the assistant's service worker leaves to the server. */
const PLACE = 'bench/house/';

/** Where the package of each tree is served: `distOf(0)` is the first tree's. */
export const distOf = (at: number) => `/bench/dist-${at}/`;

/** What is served: the packages of all trees, the assistant of the first, fixtures and generated models. */
export function mountsOf(trees: readonly string[]): Record<string, string> {
  return {
    '/': join(trees[0]!, 'apps/assistant/dist'),
    [`/${PLACE}`]: join(root, 'tools/house/page'),
    '/families/': join(root, 'tests/fixtures/families'),
    ...Object.fromEntries(trees.map((tree, i) => [distOf(i), join(tree, 'packages/web/dist')])),
  };
}

/** Opens the page that reaches the packages. */
export async function openHouse(page: Page, { url }: Pick<Site, 'url'>): Promise<void> {
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(url + PLACE);
  await page.waitForFunction(() => 'house' in window);
}

/** Chromium with a fresh profile on a site that serves the trees. */
export async function withSite<T>(
  trees: readonly string[],
  body: (context: BrowserContext, site: Site) => Promise<T>,
): Promise<T> {
  const site = await startSite({ mounts: mountsOf(trees) });
  const browser = await chromium.launch(launchOptions);
  try {
    return await body(await browser.newContext(), site);
  } finally {
    await browser.close();
    await site.kill();
  }
}

/** The same with the page open. */
export function withHouse<T>(
  trees: readonly string[],
  body: (page: Page, site: Site) => Promise<T>,
): Promise<T> {
  return withSite(trees, async (context, site) => {
    const page = await context.newPage();
    await openHouse(page, site);
    return body(page, site);
  });
}
