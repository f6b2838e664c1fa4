// The three browsers behind one interface.
import { type Browser, chromium, type Page } from '@playwright/test';
import type { TestBrowser, Window } from '../../../tests/drivers/browser.ts';
import { inLab, type Run } from '../../../tests/drivers/lab.ts';
import { Firefox, missingParts as missingFirefox } from '../../../tests/firefox/browser.ts';
import { buildLab } from '../../../tests/lab/build.ts';
import { launchOptions } from '../../../tests/support/chromium.ts';
import type { SiteOptions } from '../../../tests/support/serve.ts';
import { missingParts as missingWebKit, WebKit } from '../../../tests/webkit/browser.ts';

class PlaywrightWindow implements Window {
  readonly #page: Page;
  readonly #browser: Browser;

  constructor(page: Page, browser: Browser) {
    this.#page = page;
    this.#browser = browser;
    page.setDefaultTimeout(0);
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.#page.evaluate<T>(expression);
  }

  type(selector: string, text: string): Promise<void> {
    return this.#page.fill(selector, text);
  }

  click(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

class Chromium implements TestBrowser {
  readonly name = 'Chromium';
  readonly artifacts = ['scalar', 'simd128', 'relaxed'] as const;

  async open(): Promise<Window> {
    const browser = await chromium.launch(launchOptions);
    return new PlaywrightWindow(await browser.newPage(), browser);
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
