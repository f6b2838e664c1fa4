import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { axeViolations } from '../../tests/support/axe.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import globalSetup from '../../tests/support/global-setup.ts';
import { root } from '../../tests/support/paths.ts';
import { SCHEMES, SCREENS, type Screen, SIZES } from '../../tests/support/screens.ts';
import { startSite } from '../../tests/support/serve.ts';

export interface Picture {
  readonly path: string;
  /** What axe-core finds wrong on the screen. */
  readonly violations: string[];
}

const folder = join(root, 'screenshots');

/** Takes every screen, or those named, at every size in both colour schemes. */
export async function captureAll(names: readonly string[] = [], axe = false): Promise<Picture[]> {
  await globalSetup();
  mkdirSync(folder, { recursive: true });
  const site = await startSite();
  const browser = await chromium.launch(launchOptions);
  const pictures: Picture[] = [];
  try {
    for (const screen of SCREENS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      for (const size of SIZES) {
        for (const scheme of SCHEMES)
          pictures.push(await capture(browser, site.url, { screen, size, scheme, axe }));
      }
    }
  } finally {
    await browser.close();
    await site.kill();
  }
  return pictures;
}

interface Shot {
  screen: Screen;
  size: (typeof SIZES)[number];
  scheme: (typeof SCHEMES)[number];
  axe: boolean;
}

async function capture(
  browser: Browser,
  url: string,
  { screen, size, scheme, axe }: Shot,
): Promise<Picture> {
  const options = {
    viewport: size,
    colorScheme: scheme,
    deviceScaleFactor: 2,
    reducedMotion: 'reduce',
  } as const;
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url + screen.path);
  await screen.arrive(page);
  const path = join(folder, `${screen.name}-${size.name}-${scheme}.png`);
  await page.screenshot({ path });
  const violations = axe ? (await axeViolations(page)).violations : [];
  await context.close();
  return { path, violations };
}
