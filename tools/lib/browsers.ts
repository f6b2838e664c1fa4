// The three browsers behind one interface.
import { chromium } from '@playwright/test';
import type { TestBrowser, Window } from '../../tests/drivers/browser.ts';
import { PageWindow } from '../../tests/drivers/chromium.ts';
import { inLab, type Run } from '../../tests/drivers/lab.ts';
import { Firefox, missingParts as missingFirefox } from '../../tests/firefox/browser.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import type { SiteOptions } from '../../tests/support/serve.ts';
import { missingParts as missingWebKit, WebKit } from '../../tests/webkit/browser.ts';
import { buildLab } from '../lab/build.ts';

class Chromium implements TestBrowser {
  readonly name = 'Chromium';
  readonly artifacts = ['scalar', 'simd128', 'relaxed'] as const;

  async open(): Promise<Window> {
    const browser = await chromium.launch(launchOptions);
    // A measurement is one long call.
    return new PageWindow(await browser.newPage(), browser, 0);
  }

  foreignRequests(): string[] {
    return [];
  }

  async stop(): Promise<void> {}
}

interface Kind {
  readonly name: string;
  /** Why it cannot run here; null where it can. */
  missing(): string | null;
  start(): Promise<TestBrowser>;
}

export const CHROMIUM: Kind = {
  name: 'Chromium',
  missing: () => null,
  start: async () => new Chromium(),
};
export const FIREFOX: Kind = {
  name: 'Firefox',
  missing: missingFirefox,
  start: () => Firefox.start(),
};
export const WEBKIT: Kind = {
  name: 'WebKitGTK',
  missing: missingWebKit,
  start: () => WebKit.start(),
};

/** Chromium first: the others are compared with it. */
export const BROWSERS: readonly Kind[] = [CHROMIUM, FIREFOX, WEBKIT];

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
