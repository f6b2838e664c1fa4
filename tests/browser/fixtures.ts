import { test as base, type Page } from '@playwright/test';
import type {} from '../../tools/lab/main.ts';
import { type Site, startSite } from '../support/serve.ts';

export { expect } from '@playwright/test';

interface WorkerFixtures {
  /** One server for all tests of a worker process. */
  site: Site;
}

interface TestFixtures {
  /** A page on which `window.lab` stands. */
  lab: Page;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a fixture needs from the pattern
    async ({}, use) => {
      const site = await startSite();
      await use(site);
      await site.kill();
    },
    { scope: 'worker' },
  ],
  lab: async ({ page, site }, use) => {
    await openLab(page, site);
    await use(page);
  },
});

export async function openLab(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}lab/`);
  await page.waitForFunction(() => 'lab' in window);
}
