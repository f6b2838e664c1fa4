// A network that goes away in the middle of a download, and comes back. What a real interface does stands in
// `npm run show -- robust --only network`; here the browser plays it.
import type { Page } from '@playwright/test';
import { siteHere } from '../support/serve.ts';
import { honest, startToldServer, type Tell, type ToldServer } from '../support/told-server.ts';
import { expect, test } from './fixtures.ts';
import { FILE, SHA256 } from './told.ts';

const TAGGED = { headers: { etag: '"v1"' } };
const good: Tell = (asked, response) => honest(asked, response, FILE, TAGGED);
/** Longest from the network's return to the next byte. */
const MAX_MS = 3000;

/** Opens the lab of a server and begins an import, whose progress stands in `window.flow`. */
async function begun(page: Page, server: ToldServer, url: string): Promise<void> {
  await page.goto(`${server.url}/lab/`);
  await page.waitForFunction(() => 'lab' in window);
  await page.evaluate((address) => {
    const flow = { bytes: 0, at: 0, end: '' };
    Object.assign(window, { flow });
    const onProgress = ({ loadedBytes }: { loadedBytes: number }) => {
      if (loadedBytes > flow.bytes) Object.assign(flow, { bytes: loadedBytes, at: Date.now() });
    };
    window.lab.pocketbit.importModel(address, { onProgress }).then(
      ({ sha256 }) => {
        flow.end = sha256;
      },
      (error) => {
        flow.end = String(error);
      },
    );
  }, url);
  await page.waitForFunction(() => flowOf().bytes > 4_000_000);
}

interface Flow {
  bytes: number;
  at: number;
  end: string;
}
declare function flowOf(): Flow;

/** Milliseconds from now to the next byte, and that the file is whole in the end. */
async function goesOn(page: Page, arrived: number): Promise<number> {
  const back = Date.now();
  await page.waitForFunction((bytes) => flowOf().bytes > bytes || flowOf().end, arrived);
  const { at } = await page.evaluate(() => flowOf());
  await page.waitForFunction(() => flowOf().end);
  expect((await page.evaluate(() => flowOf())).end).toBe(SHA256);
  return at - back;
}

async function withServer(
  page: Page,
  body: (server: ToldServer) => Promise<void>,
  prelude = '',
): Promise<void> {
  const server = await startToldServer(siteHere({ csp: '', prelude }));
  try {
    await page.addInitScript(() => {
      Object.assign(window, { flowOf: () => (window as unknown as { flow: Flow }).flow });
    });
    await body(server);
  } finally {
    await page.close();
    await server.close();
  }
}

test('Chromium fires no online event in a worker (fault 1)', async ({ page }) => {
  await withServer(page, async ({ url }) => {
    await page.goto(`${url}/lab/`);
    // If it ever does, the download hears of it sooner; it does not rest on it.
    const worker = await page.evaluate(() => {
      const source = 'postMessage("ononline" in self)';
      const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
      return new Promise((resolve) => {
        new Worker(address).onmessage = ({ data }) => resolve(data);
      });
    });
    expect(worker).toBe(false);
  });
});

for (const seconds of [3, 25]) {
  test(`offline for ${seconds} s: the download goes on within 3 s, where it was (fault 1)`, {
    tag: '@slow',
  }, async ({ page }) => {
    test.setTimeout(120_000);
    await withServer(page, async (server) => {
      const model = server.model('m.gguf', (asked, response) =>
        honest(asked, response, FILE, { ...TAGGED, stall: asked.number ? undefined : 6_000_000 }),
      );
      await begun(page, server, model.url);
      await page.waitForFunction(() => flowOf().bytes >= 6_000_000);
      await page.context().setOffline(true);
      await page.waitForTimeout(seconds * 1000);
      await page.context().setOffline(false);
      expect(await goesOn(page, 6_000_000)).toBeLessThan(MAX_MS);
      expect(model.asked).toEqual(['all', '6000000-']);
    });
  });
}

test('a server that is away for 12 s while the device is online: within 3 s of its return (fault 1)', {
  tag: '@slow',
}, async ({ page }) => {
  await withServer(page, async (server) => {
    const model = server.model('m.gguf', (asked, response) =>
      asked.number === 0
        ? honest(asked, response, FILE, { ...TAGGED, cut: 6_000_000 })
        : good(asked, response),
    );
    await begun(page, server, model.url);
    await page.waitForFunction(() => flowOf().bytes >= 6_000_000);
    model.there = false;
    await page.waitForTimeout(12_000);
    model.there = true;
    expect(await goesOn(page, 6_000_000)).toBeLessThan(MAX_MS);
    expect(model.asked).toEqual(['all', '6000000-']);
  });
});

test('a device that says it is offline whatever it can reach goes on all the same (fault 1)', {
  tag: '@slow',
}, async ({ page }) => {
  const prelude =
    "Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true })";
  await withServer(
    page,
    async (server) => {
      const model = server.model('m.gguf', (asked, response) =>
        asked.number === 0
          ? honest(asked, response, FILE, { ...TAGGED, cut: 6_000_000 })
          : good(asked, response),
      );
      await begun(page, server, model.url);
      expect(await goesOn(page, 6_000_000)).toBeLessThan(MAX_MS);
    },
    prelude,
  );
});
