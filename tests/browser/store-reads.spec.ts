// A read that fails, a chunk that is not there and one that is damaged are three things. In Chromium, as a page meets them.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { launchOptions } from '../support/chromium.ts';
import { type Site, startSite } from '../support/serve.ts';
import { STORAGE_FAULTS, type StorageFault } from '../support/storage-faults.ts';
import { test as base, expect, openLab } from './fixtures.ts';

const MODEL = '../files/random-125m-1.gguf';
const CHUNKS = 16;

const test = base.extend<object, { site: Site }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a fixture needs from the pattern
    async ({}, use) => {
      const site = await startSite({ prelude: STORAGE_FAULTS });
      await use(site);
      await site.kill();
    },
    { scope: 'worker' },
  ],
});

/** Stores the model; from then on its server is gone, and storage fails as told. */
async function storedThen(page: Page, ...faults: StorageFault[]): Promise<void> {
  await page.evaluate((model) => window.lab.pocketbit.importModel(model), MODEL);
  await page.route(/random-125m/, (route) => route.abort());
  await page.evaluate((list) => {
    window.storageFaults = list;
  }, faults);
}

/** What became of a load, and how many chunks of the model are stored afterwards. */
function loaded(page: Page) {
  return page.evaluate(async (model) => {
    const failure = await window.lab.failure(async () => {
      const opened = await window.lab.pocketbit.load(model, { contextLength: 64 });
      await opened.close();
    });
    window.storageFaults = [];
    return { code: failure?.code ?? null, message: failure?.message ?? '' };
  }, MODEL);
}

const chunksOf = (page: Page) => page.evaluate(() => window.lab.store.chunkCount());

const ONCE: Record<string, StorageFault> = {
  'a read of a chunk throws': { op: 'get', key: '"chunk"', times: 1 },
  'a read of a chunk is aborted': { op: 'get', key: ',5]', times: 1, how: 'abort' },
  'two reads of a chunk fail': { op: 'get', key: ',7]', times: 2 },
  'the read of the manifest throws': { op: 'get', key: '"model"', times: 1 },
  'the read of the manifest is aborted': { op: 'get', key: '"model"', times: 1, how: 'abort' },
  'the database does not open at once': { op: 'open', key: 'pocketbit"', times: 1 },
};

for (const [name, fault] of Object.entries(ONCE)) {
  test(`${name} once: the model loads without its server, and nothing of it is deleted (fault 2)`, async ({
    lab,
  }) => {
    await storedThen(lab, fault);
    expect(await loaded(lab)).toEqual({ code: null, message: '' });
    expect(await chunksOf(lab)).toBe(CHUNKS);
  });
}

test('chunks that cannot be read for now: storage, nothing is deleted, and once they can the model loads without its server (fault 2)', async ({
  lab,
}) => {
  await storedThen(lab, { op: 'get', key: ',3]', how: 'abort' });
  const failed = await loaded(lab);
  expect(failed.code).toBe('storage');
  expect(failed.message).toMatch(/^Chunk 4 of 16 .* cannot be read/);
  expect(await chunksOf(lab)).toBe(CHUNKS);
  expect(await loaded(lab)).toEqual({ code: null, message: '' });
});

test('a damaged chunk that cannot be fetched again stays: integrity, and its good bytes are fetched once the server is back (fault 2)', async ({
  lab,
}) => {
  await storedThen(lab);
  await lab.evaluate(() => window.lab.store.damageChunk(2));
  expect((await loaded(lab)).code).toBe('integrity');
  expect(await chunksOf(lab)).toBe(CHUNKS);
  await lab.unroute(/random-125m/);
  expect((await loaded(lab)).code).toBeNull();
  const report = await lab.evaluate((model) => window.lab.pocketbit.verifyModel(model), MODEL);
  expect(report).toMatchObject({ damagedChunks: 0 });
});

test('a repaired chunk that cannot be stored is used all the same, and the stored one is not touched (fault 2)', async ({
  lab,
}) => {
  await storedThen(lab);
  await lab.evaluate(async () => {
    await window.lab.store.damageChunk(2);
    window.storageFaults = [{ op: 'put', key: '"chunk"' }];
  });
  await lab.unroute(/random-125m/);
  expect((await loaded(lab)).code).toBeNull();
  expect(await chunksOf(lab)).toBe(CHUNKS);
});

for (const action of ['verifyModel', 'repairModel', 'exportModel'] as const) {
  const act = (page: Page) =>
    page.evaluate(
      async ([name, model]) => {
        const { pocketbit, failure } = window.lab;
        const source = new URL(model, location.href).href;
        const failed = await failure(async () => {
          const found = await pocketbit[name](source);
          if ('stream' in found)
            for (const reader = found.stream.getReader(); !(await reader.read()).done; );
          else if (found.damagedChunks > 0) throw new Error('found damage');
        });
        return failed && `${failed.code ?? ''} ${failed.message}`;
      },
      [action, MODEL] as const,
    );
  test(`${action}: a read that fails once is no damage, one that fails for good is an error with a code, and no chunk is deleted (fault 2)`, async ({
    lab,
  }) => {
    await storedThen(lab, { op: 'get', key: ',3]', times: 1, how: 'abort' });
    expect(await act(lab)).toBeNull();
    await lab.evaluate(() => {
      window.storageFaults = [{ op: 'get', key: ',3]', how: 'abort' }];
    });
    // What is to be repaired is asked of the server, which is gone.
    const failure =
      action === 'repairModel' ? /^network / : /^storage Chunk 4 of 16 .* cannot be read/;
    expect(await act(lab)).toMatch(failure);
    await lab.evaluate(() => {
      window.storageFaults = [];
    });
    expect(await chunksOf(lab)).toBe(CHUNKS);
    expect(await act(lab)).toBeNull();
  });
}

test('a download goes on from all it has though reads fail for a moment (fault 2)', async ({
  lab,
}) => {
  const asked: string[] = [];
  lab.on('request', (request) => {
    if (request.url().includes('random-125m')) asked.push(request.headers().range ?? 'all');
  });
  await lab.evaluate(async (model) => {
    const stop = new AbortController();
    const onProgress = ({ loadedBytes }: { loadedBytes: number }) => {
      if (loadedBytes > 30e6) stop.abort();
    };
    await window.lab.failure(() =>
      window.lab.pocketbit.importModel(model, { signal: stop.signal, onProgress }),
    );
    window.storageFaults = [
      { op: 'get', key: '"draft"', times: 1, how: 'abort' },
      { op: 'get', key: ',0]', times: 2, how: 'abort' },
      { op: 'get', key: ',4]', times: 1 },
    ];
    await window.lab.pocketbit.importModel(model);
  }, MODEL);
  expect(asked).toHaveLength(2);
  expect(Number(/^bytes=(\d+)-$/.exec(asked[1]!)?.[1])).toBeGreaterThan(20e6);
});

test('what is listed and estimated cannot be read for now: a coded error, not an empty shelf (fault 2)', async ({
  lab,
}) => {
  await storedThen(lab, { op: 'getAll', times: 1, how: 'abort' }, { op: 'open', times: 1 });
  const count = () => lab.evaluate(async () => (await window.lab.pocketbit.listModels()).length);
  expect(await count()).toBe(1);
  await lab.reload();
  await lab.waitForFunction(() => 'lab' in window);
  const codes = await lab.evaluate(async () => {
    window.storageFaults = [{ op: 'open' }];
    const { listModels, storageEstimate, deleteModel, isSupported } = window.lab.pocketbit;
    const tries = [listModels, storageEstimate, () => deleteModel('stored:x')];
    const failures = await Promise.all(tries.map((work) => window.lab.failure(work)));
    return [...failures.map((failure) => failure?.code), (await isSupported()).storage];
  });
  expect(codes).toEqual(['storage', 'storage', 'storage', false]);
});

test('Chromium lost the file behind a chunk: only that one is fetched again, and offline nothing is deleted (fault 2)', async ({
  site,
}) => {
  test.setTimeout(120_000);
  const profile = await mkdtemp(join(tmpdir(), 'pocketbit-lost-'));
  const open = async () => {
    const context = await chromium.launchPersistentContext(profile, launchOptions);
    const page = await context.newPage();
    await openLab(page, site);
    return { context, page };
  };
  const first = await open();
  await first.page.evaluate((model) => window.lab.pocketbit.importModel(model), MODEL);
  await first.context.close();
  const [lost] = readdirSync(profile, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('.indexeddb.blob'))
    .map((path) => join(profile, path))
    .filter((path) => statSync(path).isFile());
  expect(lost).toBeDefined();
  rmSync(lost!);
  const { context, page } = await open();
  await page.route(/random-125m/, (route) => route.abort());
  const failed = await loaded(page);
  expect(failed.code).toBe('storage');
  expect(failed.message).toContain('cannot be read');
  expect(await chunksOf(page)).toBe(CHUNKS);
  const asked: string[] = [];
  const verified = await page.evaluate(
    (model) => window.lab.failure(() => window.lab.pocketbit.verifyModel(model)),
    MODEL,
  );
  expect(verified?.code).toBe('storage');
  await page.unroute(/random-125m/);
  page.on('request', (request) => {
    if (request.url().includes('random-125m')) asked.push(request.headers().range ?? 'all');
  });
  expect((await loaded(page)).code).toBeNull();
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^bytes=\d+-\d+$/);
  expect((await loaded(page)).code).toBeNull();
  expect(asked).toHaveLength(1);
  await context.close();
  rmSync(profile, { recursive: true });
});
