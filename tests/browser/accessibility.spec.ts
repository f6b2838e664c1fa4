import type { Page } from '@playwright/test';
import { axeViolations } from '../support/axe.ts';
import { SCHEMES, SCREENS, SIZES } from '../support/screens.ts';
import { expect, test } from './fixtures.ts';

// Both schemes and both sizes, each screen once in either: colours and layout do not depend on each other.
const LOOKS = [
  { size: SIZES[0], scheme: SCHEMES[0] },
  { size: SIZES[1], scheme: SCHEMES[1] },
];

/** CSS pixels of the narrowest phone that the layout serves. */
const NARROWEST = 320;

for (const { size, scheme } of LOOKS) {
  test(`every screen is accessible and fits: ${size.name}, ${scheme}`, async ({
    browser,
    site,
  }) => {
    test.slow();
    for (const screen of SCREENS) {
      const options = { viewport: size, colorScheme: scheme, reducedMotion: 'reduce' } as const;
      const context = await browser.newContext(options);
      const page = await context.newPage();
      await page.goto(site.url + screen.path);
      await screen.arrive(page);
      const { violations, passes } = await axeViolations(page);
      expect.soft(violations, screen.name).toEqual([]);
      expect(passes).toBeGreaterThan(10);
      await expectToFit(page, screen.name, size);
      await expectToFit(page, screen.name, { width: NARROWEST, height: 600 });
      await context.close();
    }
  });
}

async function expectToFit(
  page: Page,
  name: string,
  size: { width: number; height: number },
): Promise<void> {
  await page.setViewportSize(size);
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  expect.soft(widest, `${name} at ${size.width} px`).toBeLessThanOrEqual(size.width);
}
