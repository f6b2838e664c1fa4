// A lab page beside servers that answer as a test tells them, and what an import from them came to.
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import type { Arrival } from '../../tools/lab/store.ts';
import { versionsOf } from '../support/fault-runs.ts';
import { siteHere } from '../support/serve.ts';
import { CHUNK_BYTES } from '../support/tab-runs.ts';
import { startToldServer, type ToldServer } from '../support/told-server.ts';

export { CHUNK_BYTES as CHUNK, storedBytes as unfinished } from '../support/tab-runs.ts';
/** Two files of one size that begin as a model does; at 40 MB/s a download of one has a middle. */
export const [FILE, OTHER] = versionsOf(2 * CHUNK_BYTES + 1_000_000);
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const SHA256 = sha256(FILE);

/** The lab's own server, and one of another origin. */
export interface Told {
  readonly own: ToldServer;
  readonly other: ToldServer;
}

/** Runs `body` with the lab open on a server that is told what to answer. */
export async function withTold(page: Page, body: (told: Told) => Promise<void>): Promise<void> {
  const own = await startToldServer(siteHere({ csp: '' }));
  const other = await startToldServer();
  try {
    await page.goto(`${own.url}/lab/`);
    await page.waitForFunction(() => 'lab' in window);
    await body({ own, other });
  } finally {
    await page.close();
    await own.close();
    await other.close();
  }
}

/** The SHA-256 of what is stored after an import, or the code of its error. */
export function arrive(page: Page, ...urls: string[]): Promise<string> {
  return arriveAs(page, { urls });
}

export function arriveAs(page: Page, arrival: Arrival): Promise<string> {
  return page.evaluate((given) => window.lab.store.arrive(given), arrival);
}

/** Loads a model and closes it: its SHA-256. */
export function hashOnceLoaded(page: Page, address: string): Promise<string> {
  return page.evaluate(async (url) => {
    const loaded = await window.lab.pocketbit.load(url, { contextLength: 64 });
    await loaded.close();
    return loaded.info.sha256;
  }, address);
}
