import { networkInterfaces } from 'node:os';
import type { Page } from '@playwright/test';
import { startAssumptionSite } from '../support/assumption-site.ts';
import { ASSUMPTIONS, type Probed, probed } from '../support/assumptions.ts';
import { expect, test } from './fixtures.ts';

let all: Probed[] = [];
test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000);
  const open = async () => {
    const page = await (await browser.newContext()).newPage();
    return {
      open: async (url: string) => void (await page.goto(url)),
      evaluate: <T>(expression: string) => page.evaluate<T>(expression),
      close: () => page.context().close(),
    };
  };
  all = await probed({ name: 'Chromium', open: open as never });
});

for (const [i, { probe, assumed }] of ASSUMPTIONS.entries()) {
  test(`${probe}: ${assumed}`, () => {
    expect(all[i]!.found).toEqual(all[i]!.expected);
  });
}

/** A page on which `window.database` is open with a record. */
async function withDatabase(
  page: Page,
  body: (url: string) => Promise<void>,
  before = async (_: string) => {},
): Promise<void> {
  const site = await startAssumptionSite();
  try {
    await page.goto(site.url);
    await before(site.url);
    await page.evaluate(async () => {
      const request = indexedDB.open('probe', 1);
      request.onupgradeneeded = () => request.result.createObjectStore('s');
      await new Promise((resolve) => {
        request.onsuccess = resolve;
      });
      const database = request.result;
      const heard: string[] = [];
      database.onclose = () => heard.push('close');
      database.onversionchange = () => heard.push('versionchange');
      await new Promise((resolve) => {
        database.transaction('s', 'readwrite').objectStore('s').put('kept', 'a').onsuccess =
          resolve;
      });
      Object.assign(window, { database, heard });
    });
    await body(site.url);
  } finally {
    site.close();
  }
}

interface Probing extends Window {
  database: IDBDatabase;
  heard: string[];
}

test('eviction: the connection hears `close`, throws InvalidStateError, and the next opening finds nothing (store)', async ({
  page,
}) => {
  await withDatabase(page, async (url) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', {
      origin: new URL(url).origin,
      storageTypes: 'all',
    });
    await page.waitForTimeout(300);
    const found = await page.evaluate(async () => {
      const { database, heard } = window as unknown as Probing;
      let thrown = 'none';
      try {
        database.transaction('s');
      } catch (error) {
        thrown = (error as Error).name;
      }
      const request = indexedDB.open('probe');
      const fresh = await new Promise((resolve) => {
        request.onupgradeneeded = () => resolve('empty');
        request.onsuccess = () => resolve('as it was');
      });
      return { heard, thrown, fresh };
    });
    expect(found).toEqual({ heard: ['close'], thrown: 'InvalidStateError', fresh: 'empty' });
  });
});

test('a full disk: the request and the transaction fail with QuotaExceededError, and what was stored stays (store/quota)', async ({
  page,
}) => {
  // What room there was when the database opened is remembered for a while.
  const fill = async (url: string) => {
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(url);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
  };
  const look = async () => {
    const found = await page.evaluate(async () => {
      const { database } = window as unknown as Probing;
      const bytes = new Uint8Array(8_000_000).map(() => Math.random() * 256);
      const transaction = database.transaction('s', 'readwrite');
      const request = transaction.objectStore('s').put(bytes, 'b');
      const names = await new Promise((resolve) => {
        transaction.oncomplete = () => resolve('stored');
        transaction.onabort = () => resolve([request.error?.name ?? null, transaction.error?.name]);
      });
      const left = await new Promise((resolve) => {
        const get = database.transaction('s').objectStore('s').get('a');
        get.onsuccess = () => resolve(get.result);
      });
      const { quota } = await navigator.storage.estimate();
      return { names, left, quota };
    });
    expect(found.left).toBe('kept');
    expect(found.names).toContain('QuotaExceededError');
    // The estimate says nothing of it: Chromium reports ten gigabytes to every page.
    expect(found.quota).toBeGreaterThan(2 ** 33);
  };
  await withDatabase(page, look, fill);
});

test('a frozen page keeps its locks, and a steal takes them (download-lock, engine-lease)', async ({
  page,
  context,
}) => {
  const site = await startAssumptionSite();
  const other = await context.newPage();
  try {
    await page.goto(site.url);
    await other.goto(site.url);
    await page.evaluate(() => {
      void navigator.locks.request('l', () => new Promise(() => {})).catch(() => {});
    });
    const session = await context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    const held = await other.evaluate(async () => {
      const free = await navigator.locks.request(
        'l',
        { ifAvailable: true },
        (lock) => lock !== null,
      );
      const stolen = await navigator.locks.request('l', { steal: true }, () => true);
      return { free, stolen };
    });
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    expect(held).toEqual({ free: false, stolen: true });
  } finally {
    site.close();
  }
});

test('a page without TLS has no hashes, locks, caches and storage manager (hash, locks, support)', async ({
  page,
}) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((found) => found?.family === 'IPv4' && !found.internal)?.address;
  test.skip(!address, 'this machine has no address but its own');
  const site = await startAssumptionSite();
  try {
    await page.goto(site.url.replace('127.0.0.1', address!));
    const found = await page.evaluate(() => ({
      secure: isSecureContext,
      subtle: !!crypto.subtle,
      random: typeof crypto.getRandomValues,
      uuid: typeof crypto.randomUUID,
      locks: 'locks' in navigator,
      storage: 'storage' in navigator,
      caches: 'caches' in window,
      worker: 'serviceWorker' in navigator,
      indexedDB: 'indexedDB' in window,
      channel: 'BroadcastChannel' in window,
    }));
    expect(found).toEqual({
      secure: false,
      subtle: false,
      random: 'function',
      uuid: 'undefined',
      locks: false,
      storage: false,
      caches: false,
      worker: false,
      indexedDB: true,
      channel: true,
    });
  } finally {
    site.close();
  }
});

test('a page kept by back and forward hears `pageshow` with `persisted`, and its connections are open (life-cycle)', async ({
  page,
}) => {
  const site = await startAssumptionSite();
  try {
    await page.goto(site.url);
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => {
        localStorage.setItem('shown', String(persisted));
      });
      addEventListener('pagehide', ({ persisted }) => {
        localStorage.setItem('hidden', String(persisted));
      });
      Object.assign(window, { mark: 1 });
    });
    await page.goto(site.other);
    await page.goBack();
    const found = await page.evaluate(() => ({
      same: 'mark' in window,
      hidden: localStorage.getItem('hidden'),
      shown: localStorage.getItem('shown'),
    }));
    // With its tools attached Chromium keeps no page; where it does, all three change together.
    const kept = { same: true, hidden: 'true', shown: 'true' };
    const fresh = { same: false, hidden: found.hidden, shown: null };
    expect(found).toEqual(found.same ? kept : fresh);
  } finally {
    site.close();
  }
});
