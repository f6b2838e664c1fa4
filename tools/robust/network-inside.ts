// Inside a network namespace of its own: a link to a server is taken down and up while browsers download. Prints a line of
// JSON for each browser.
import { basename } from 'node:path';
import { chromium } from '@playwright/test';
import type { Window } from '../../tests/drivers/browser.ts';
import { PageWindow } from '../../tests/drivers/playwright.ts';
import { Firefox, missingParts } from '../../tests/firefox/browser.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import { Link } from '../../tests/support/link.ts';
import { startSite } from '../../tests/support/serve.ts';
import { FILE, interrupted, RATE } from './interrupted.ts';

const downs = process.argv.slice(2).map(Number);
const link = await Link.open();
const network = {
  model: `${link.url}${basename(FILE)}?rate=${RATE}`,
  starts: link.starts,
  down: () => link.down(),
  up: () => link.up(),
};
const site = await startSite({ csp: '' });

async function measure(name: string, window: Window): Promise<void> {
  try {
    await window.open(`${site.url}lab/`);
    while (!(await window.evaluate("'lab' in globalThis")));
    for (const downMs of downs) {
      const outcome = await interrupted(window, network, downMs);
      console.log(JSON.stringify({ name, downMs, ...outcome }));
    }
  } catch (error) {
    console.log(JSON.stringify({ name, failure: String(error) }));
  } finally {
    await window.close();
  }
}

const browser = await chromium.launch(launchOptions);
const context = await browser.newContext();
await measure('Chromium', new PageWindow(await context.newPage()));
await browser.close();
const missing = missingParts();
if (missing) console.log(JSON.stringify({ name: 'Firefox', failure: missing }));
else {
  const firefox = await Firefox.start({ direct: true });
  await measure('Firefox', await firefox.open());
  await firefox.stop();
}
await site.kill();
await link.close();
