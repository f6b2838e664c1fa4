import { axeViolations } from '../support/axe.ts';
import { SCHEMES, SCREENS, SIZES } from '../support/screens.ts';
import { expect, test } from './fixtures.ts';

// Both schemes and both sizes, each screen once in either: colours and layout do not depend on each other.
const LOOKS = [
  { size: SIZES[0], scheme: SCHEMES[0] },
  { size: SIZES[1], scheme: SCHEMES[1] },
];

for (const { size, scheme } of LOOKS) {
  test(`axe-core finds no violation on any screen: ${size.name}, ${scheme}`, async ({
    browser,
    site,
  }) => {
    test.slow();
    for (const screen of SCREENS) {
      const context = await browser.newContext({
        viewport: size,
        colorScheme: scheme,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      await page.goto(site.url + screen.path);
      await screen.arrive(page);
      const { violations, passes } = await axeViolations(page);
      expect.soft(violations, screen.name).toEqual([]);
      expect(passes).toBeGreaterThan(10);
      await context.close();
    }
  });
}
