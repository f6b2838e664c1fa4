// The browsers of the journeys: Playwright's own where they are downloaded, else those of the system.
import { playwrightBrowser } from '../../scripts/lib/browsers.mjs';
import { Firefox, missingParts as missingFirefox } from '../firefox/browser.ts';
import { missingParts as missingWebKit, WebKit } from '../webkit/browser.ts';
import type { TestBrowser } from './browser.ts';
import { PlaywrightBrowser } from './playwright.ts';

export interface Kind {
  readonly name: string;
  /** Why it cannot run here; null where it can. */
  missing(): string | null;
  start(): Promise<TestBrowser>;
}

export const CHROMIUM: Kind = {
  name: 'Chromium',
  missing: () => null,
  start: () => PlaywrightBrowser.start('chromium'),
};

/** Downloaded by Playwright; a Firefox that the variable FIREFOX names comes before it. */
const ownFirefox = process.env.FIREFOX ? null : await playwrightBrowser('firefox');
export const FIREFOX: Kind = {
  name: 'Firefox',
  missing: () => (ownFirefox ? null : missingFirefox()),
  start: () => (ownFirefox ? PlaywrightBrowser.start('firefox') : Firefox.start()),
};

const ownWebKit = await playwrightBrowser('webkit');
export const WEBKIT: Kind = {
  name: ownWebKit ? 'WebKit' : 'WebKitGTK',
  missing: () => (ownWebKit ? null : missingWebKit()),
  start: () => (ownWebKit ? PlaywrightBrowser.start('webkit') : WebKit.start()),
};

/** Chromium first: the others are compared with it. */
export const BROWSERS: readonly Kind[] = [CHROMIUM, FIREFOX, WEBKIT];
