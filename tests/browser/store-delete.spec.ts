// Models and databases that are deleted, or upgraded, while they are in use.
import type { Page } from '@playwright/test';
import { type CountingSite, startCountingSite } from '../support/counting-site.ts';
import { test as base, expect, openLab } from './fixtures.ts';

const MODEL = '../files/random-125m-1.gguf';

const test = base.extend<{ slow: CountingSite }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a fixture needs from the pattern
  slow: async ({}, use) => {
    const site = await startCountingSite(16e6);
    await use(site);
    await site.kill();
  },
});

/** What is stored of which kind, for a person who thinks that nothing is. */
const leftOvers = (page: Page) =>
  page.evaluate(async () => (await window.lab.store.storedKeys()).map(([kind]) => kind));

for (const who of ['this tab', 'another tab'] as const) {
  test(`a model that ${who} deletes while it loads from the store: nothing is left, and it says that it runs from memory (fault 22)`, async ({
    context,
    lab,
    site,
  }) => {
    const other = await context.newPage();
    await openLab(other, site);
    const by = who === 'this tab' ? lab : other;
    await lab.exposeFunction('deleteNow', (source: string) =>
      by.evaluate((found) => window.lab.pocketbit.deleteModel(found), source),
    );
    await lab.evaluate((model) => window.lab.pocketbit.importModel(model), MODEL);
    const info = await lab.evaluate(async (model) => {
      const source = new URL(model, location.href).href;
      let deleting: Promise<void> | undefined;
      const loaded = await window.lab.pocketbit.load(model, {
        contextLength: 64,
        onProgress: ({ phase, loadedBytes }) => {
          if (phase !== 'load' || loadedBytes < 1) return;
          deleting ??= (window as unknown as { deleteNow(s: string): Promise<void> }).deleteNow(
            source,
          );
        },
      });
      await deleting;
      const { storage, source: stored } = loaded.info;
      const answer = await loaded.generate('a', { raw: true, maxTokens: 2 }).result;
      await loaded.close();
      return { storage, stored, tokens: answer.ids.length, asked: deleting !== undefined };
    }, MODEL);
    expect(info).toEqual({ storage: 'memory', stored: null, tokens: 2, asked: true });
    expect(await leftOvers(lab)).toEqual([]);
  });
}

test('a model is not deleted while it downloads, neither by this tab nor by another (fault 22)', async ({
  context,
  slow,
}) => {
  const [page, other] = [await context.newPage(), await context.newPage()];
  await openLab(page, slow);
  await openLab(other, slow);
  await page.evaluate((model) => {
    const state = { progress: 0, info: null as unknown };
    Object.assign(window, { state });
    void window.lab.pocketbit
      .load(model, {
        contextLength: 64,
        onProgress: ({ loadedBytes }) => {
          state.progress = loadedBytes;
        },
      })
      .then((loaded) => {
        state.info = loaded.info;
      });
  }, MODEL);
  const state = () =>
    page.evaluate(
      () =>
        (window as unknown as { state: { progress: number; info: { storage: string } | null } })
          .state,
    );
  await expect.poll(async () => (await state()).progress).toBeGreaterThan(8e6);
  for (const tab of [page, other]) {
    const failure = await tab.evaluate(
      (model) =>
        window.lab.failure(() =>
          window.lab.pocketbit.deleteModel(new URL(model, location.href).href),
        ),
      MODEL,
    );
    expect(failure?.code).toBe('busy');
  }
  await expect.poll(async () => (await state()).info?.storage).toBe('indexeddb');
  expect((await leftOvers(page)).filter((kind) => kind === 'chunk')).toHaveLength(16);
});

test('the whole database is deleted while a model loads from it: it runs from memory, and the next load stores it again (fault 22)', async ({
  lab,
}) => {
  await lab.evaluate((model) => window.lab.pocketbit.importModel(model), MODEL);
  const result = await lab.evaluate(async (model) => {
    let deleted: Promise<string> | undefined;
    const drop = () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.deleteDatabase('pocketbit');
        request.onsuccess = () => resolve('done');
        request.onerror = () => resolve('failed');
      });
    const { load } = window.lab.pocketbit;
    const first = await load(model, {
      contextLength: 64,
      onProgress: ({ phase, loadedBytes }) => {
        if (phase === 'load' && loadedBytes > 0) deleted ??= drop();
      },
    });
    await first.close();
    const outcome = await deleted;
    const keys = (await window.lab.store.storedKeys()).length;
    const second = await load(model, { contextLength: 64 });
    await second.close();
    return { outcome, first: first.info.storage, keys, second: second.info.storage };
  }, MODEL);
  expect(result).toEqual({ outcome: 'done', first: 'memory', keys: 0, second: 'indexeddb' });
  expect((await leftOvers(lab)).filter((kind) => kind === 'chunk')).toHaveLength(16);
});

/** Calls of the API that need the database, each with what came of it within eight seconds. */
function answers(page: Page) {
  return page.evaluate(async (model) => {
    const { isSupported, listModels, load, storageEstimate, lastCrash, Conversations } =
      window.lab.pocketbit;
    const within = (ms: number, work: Promise<unknown>) =>
      Promise.race([
        work.then(
          () => 'done',
          (error: { code?: string }) => error.code ?? String(error),
        ),
        new Promise<string>((resolve) => setTimeout(() => resolve('no answer'), ms)),
      ]);
    const started = load(model, { contextLength: 64 }).then((loaded) => loaded.close());
    const found = await Promise.all([
      within(8000, isSupported()),
      within(8000, listModels()),
      within(8000, storageEstimate()),
      within(8000, lastCrash(model)),
      within(8000, new Conversations().list()),
      within(25_000, started),
    ]);
    return found;
  }, MODEL);
}

const DONE = Array.from({ length: 6 }, () => 'done');

for (const where of ['this page', 'another tab'] as const) {
  for (const name of ['pocketbit', 'pocketbit-session', 'pocketbit-kernels']) {
    test(`${where} deletes the database ${name} while a model is open: it is gone, and every call answers (fault 27)`, async ({
      context,
      lab,
      site,
    }) => {
      await lab.evaluate(async (model) => {
        Object.assign(window, { open: await window.lab.pocketbit.load(model) });
        await new window.lab.pocketbit.Conversations().list();
      }, MODEL);
      const other = where === 'this page' ? lab : await context.newPage();
      if (other !== lab) await openLab(other, site);
      const deleted = await other.evaluate(
        (database) =>
          new Promise<string>((resolve) => {
            const request = indexedDB.deleteDatabase(database);
            request.onsuccess = () => resolve('done');
            request.onblocked = () => resolve('blocked');
          }),
        name,
      );
      expect(deleted).toBe('done');
      expect(await answers(lab)).toEqual(DONE);
      const ids = await lab.evaluate(async () => {
        const { open } = window as unknown as {
          open: Awaited<ReturnType<typeof window.lab.pocketbit.load>>;
        };
        return (await open.generate('a', { raw: true, maxTokens: 2 }).result).ids.length;
      });
      expect(ids).toBe(2);
    });
  }
}

test('another page upgrades the database to a later version: it may, and what is stored stays readable (fault 27)', async ({
  context,
  lab,
  site,
}) => {
  await lab.evaluate((model) => window.lab.pocketbit.load(model), MODEL);
  const other = await context.newPage();
  await openLab(other, site);
  const upgraded = await other.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.open('pocketbit', 7);
        request.onupgradeneeded = () => request.result.createObjectStore('later');
        request.onblocked = () => resolve('blocked');
        request.onsuccess = () => {
          request.result.close();
          resolve('done');
        };
      }),
  );
  expect(upgraded).toBe('done');
  expect(await answers(lab)).toEqual(DONE);
  await lab.reload();
  await lab.waitForFunction(() => 'lab' in window);
  const listed = await lab.evaluate(async () => (await window.lab.pocketbit.listModels()).length);
  expect(listed).toBe(1);
});

test('a page that does not let go of the database while it is to be deleted: a coded error within eight seconds, and answers once it does (fault 27)', async ({
  context,
  lab,
  site,
}) => {
  const stubborn = await context.newPage();
  await openLab(stubborn, site);
  await stubborn.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const request = indexedDB.open('pocketbit');
        request.onupgradeneeded = () => request.result.createObjectStore('models');
        request.onsuccess = () => {
          Object.assign(window, { kept: request.result });
          indexedDB.deleteDatabase('pocketbit').onblocked = () => resolve();
        };
      }),
  );
  const [supported, listed, estimate, , , load] = await answers(lab);
  expect([supported, listed, estimate, load]).toEqual(['done', 'storage', 'storage', 'storage']);
  await stubborn.close();
  expect(await answers(lab)).toEqual(DONE);
});

test('a database that another script left empty is filled, not failed on for ever (fault 27)', async ({
  lab,
}) => {
  await lab.evaluate(
    () =>
      new Promise<void>((resolve) => {
        indexedDB.deleteDatabase('pocketbit');
        const request = indexedDB.open('pocketbit');
        request.onsuccess = () => {
          request.result.close();
          resolve();
        };
      }),
  );
  expect(await answers(lab)).toEqual(DONE);
});

test('the browser clears the data of the site while a model is open: every call answers, and the model is stored anew (fault 27)', async ({
  lab,
}) => {
  await lab.evaluate(async (model) => {
    await window.lab.pocketbit.load(model);
    await window.lab.pocketbit.listModels();
  }, MODEL);
  const session = await lab.context().newCDPSession(lab);
  const { origin } = new URL(lab.url());
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
  expect(await answers(lab)).toEqual(DONE);
  expect((await leftOvers(lab)).filter((kind) => kind === 'chunk')).toHaveLength(16);
});
