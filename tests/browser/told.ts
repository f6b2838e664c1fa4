// A lab page beside servers that answer as a test tells them, and what an import from them came to.
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import type { Arrival } from '../../tools/lab/store.ts';
import { versionsOf } from '../support/fault-runs.ts';
import { siteHere } from '../support/serve.ts';
import { startToldServer, type ToldServer } from '../support/told-server.ts';

export const CHUNK = 4 * 1024 * 1024;
/** Two files of one size that begin as a model does; at 40 MB/s a download of one has a middle. */
export const [FILE, OTHER] = versionsOf(2 * CHUNK + 1_000_000);
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

/** Bytes of downloads that were left half-way. */
export function unfinished(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { unfinished: left } = await window.lab.pocketbit.storageEstimate();
    return left.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
  });
}
