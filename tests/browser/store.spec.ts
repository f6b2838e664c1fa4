// The model store in Chromium: mirrors, resuming, import and export, repair, room.
import { createHash, randomBytes } from 'node:crypto';
import { chromium, type Page } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { type MirrorSchedule, scheduled } from '../support/fault-schedules.ts';
import { type FaultRun, startFaultServer } from '../support/fault-server.ts';
import { siteHere } from '../support/serve.ts';
import { expect, openLab, test } from './fixtures.ts';

const CHUNK = 4 * 1024 * 1024;
const FILE = new Uint8Array(randomBytes(2 * CHUNK + 1000));
FILE.set(new TextEncoder().encode('GGUF'));
const SHA256 = createHash('sha256').update(FILE).digest('hex');

/** A lab page whose own server has FILE at mirrors that behave as told. */
async function withMirrors(
  page: Page,
  mirrors: Partial<MirrorSchedule>[],
  body: (run: FaultRun, asked: string[]) => Promise<void>,
): Promise<void> {
  const server = await startFaultServer(siteHere());
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!request.url().includes('/faults/')) return;
    const mirror = /\/(\d+)\/model/.exec(request.url())?.[1];
    asked.push(`${mirror} ${request.headers().range ?? 'all'}`);
  });
  try {
    await page.goto(`${server.url}/lab/`);
    await page.waitForFunction(() => 'lab' in window);
    await body(server.serve(scheduled(...mirrors), [FILE, FILE]), asked);
  } finally {
    await server.close();
  }
}

test('a mirror goes on where another broke off, and what arrived is exported as it was', async ({
  page,
}) => {
  const mirrors = [
    { faults: [{ kind: 'cut', after: 0.6, lingerMs: 1000 }, { kind: 'refuse' }], forGood: true },
    {},
  ] as const;
  await withMirrors(page, [...mirrors], async ({ urls }, asked) => {
    const exported = await page.evaluate(
      async ([addresses, sha256]) => {
        const { importModel, exportModel } = window.lab.pocketbit;
        const { source } = await importModel({ urls: addresses, sha256 });
        const { name, bytes, stream } = await exportModel(source);
        const copy = await new Response(stream).arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
        return { name, bytes, hash: [...hash] };
      },
      [urls, SHA256] as const,
    );
    expect(Buffer.from(exported.hash).toString('hex')).toBe(SHA256);
    expect(exported).toMatchObject({ name: 'model.gguf', bytes: FILE.length });
    expect(asked).toHaveLength(2);
    const start = Number(/^1 bytes=(\d+)-$/.exec(asked[1]!)?.[1]);
    // In the middle of the second chunk: what had been taken in of it was not lost.
    expect(start).toBe(Math.floor(0.6 * FILE.length));
  });
});

test('a stopped download goes on from its last whole chunk', async ({ page }) => {
  const stalls = [{ faults: [{ kind: 'stall', after: 0.7 }] }] as const;
  await withMirrors(page, [...stalls], async ({ urls }, asked) => {
    const result = await page.evaluate(async ([url]) => {
      const { importModel, storageEstimate, listModels } = window.lab.pocketbit;
      const stop = new AbortController();
      const stopped = window.lab.failure(() => importModel(url!, { signal: stop.signal }));
      let unfinished = (await storageEstimate()).unfinished;
      while (unfinished.length === 0) unfinished = (await storageEstimate()).unfinished;
      stop.abort();
      const code = (await stopped)?.code;
      const before = (await listModels()).length;
      const { sha256 } = await importModel(url!);
      return { code, unfinished, before, sha256, left: (await storageEstimate()).unfinished };
    }, urls);
    expect(result).toMatchObject({ code: 'aborted', before: 0, sha256: SHA256, left: [] });
    expect(result.unfinished).toMatchObject([{ loadedBytes: CHUNK, totalBytes: FILE.length }]);
    expect(asked).toEqual(['0 all', `0 bytes=${CHUNK}-`]);
  });
});

test('a damaged chunk is found, and it alone is fetched again', async ({ page }) => {
  await withMirrors(page, [{}], async ({ urls }, asked) => {
    const reports = await page.evaluate(async ([url]) => {
      const { importModel, verifyModel, repairModel } = window.lab.pocketbit;
      await importModel(url!);
      const good = await verifyModel(url!);
      await window.lab.store.damageChunk(1);
      const bad = await verifyModel(url!);
      const repaired = await repairModel(url!);
      return { good, bad, repaired, after: await verifyModel(url!) };
    }, urls);
    expect(reports.good).toMatchObject({ chunks: 3, damagedChunks: 0 });
    expect(reports.bad).toMatchObject({ damagedChunks: 1, repairedChunks: 0 });
    expect(reports.repaired).toMatchObject({ damagedChunks: 1, repairedChunks: 1 });
    expect(reports.after.damagedChunks).toBe(0);
    expect(asked).toEqual(['0 all', `0 bytes=${CHUNK}-${2 * CHUNK - 1}`]);
  });
});

test('a file, a stream and an address give the same model, and the least used goes first', async ({
  lab,
}) => {
  const result = await lab.evaluate(async () => {
    const { load, importModel, listModels, suggestEviction, deleteModel } = window.lab.pocketbit;
    const address = '../files/random-tiny-1.gguf';
    const bytes = await (await fetch(address)).arrayBuffer();
    const file = new File([bytes], 'picked.gguf');
    const sources = [address, file, new Blob([bytes]).stream()];
    const hashes: string[] = [];
    for (const source of sources) {
      const model = await load(source, { contextLength: 64 });
      hashes.push(model.info.sha256);
      await model.close();
    }
    await importModel(new Blob([bytes]).stream(), { name: 'streamed.gguf' });
    const listed = await listModels();
    const [first] = await suggestEviction(1);
    const all = await suggestEviction(1e12);
    for (const { source } of listed) await deleteModel(source);
    return { hashes, listed, first, all, left: await listModels() };
  });
  expect(new Set(result.hashes).size).toBe(1);
  expect(result.listed.map(({ name }) => name).sort()).toEqual([
    'model.gguf',
    'picked.gguf',
    'random-tiny-1.gguf',
    'streamed.gguf',
  ]);
  const used = result.listed.map(({ lastUsed }) => lastUsed.getTime());
  expect(used).toEqual([...used].sort((a, b) => b - a));
  expect(result.first?.source).toBe(result.listed.at(-1)?.source);
  expect(result.all).toEqual([]);
  expect(result.left).toEqual([]);
});

test('progress comes at most ten times a second and never goes back', async ({ lab }) => {
  const reports = await lab.evaluate(async () => {
    const seen: { at: number; phase: string; loadedBytes: number; fromCache: boolean }[] = [];
    const onProgress = (progress: { phase: string; loadedBytes: number; fromCache: boolean }) =>
      seen.push({ at: performance.now(), ...progress });
    for (let time = 0; time < 2; time++) {
      const model = await window.lab.pocketbit.load('../files/random-125m-1.gguf', { onProgress });
      await model.close();
    }
    return seen;
  });
  const cold = reports.slice(0, reports.findIndex(({ phase }) => phase === 'ready') + 1);
  const warm = reports.slice(cold.length);
  for (const [run, fromCache] of [
    [cold, false],
    [warm, true],
  ] as const) {
    expect(run.at(-1)?.phase).toBe('ready');
    expect(run.every((report) => report.fromCache === fromCache)).toBe(true);
    const seconds = (run.at(-1)!.at - run[0]!.at) / 1000;
    // Each phase's first and last report are never held back.
    expect(run.length).toBeLessThanOrEqual(seconds * 10 + 5);
    for (const phase of ['download', 'load']) {
      const loaded = run.filter((report) => report.phase === phase).map((r) => r.loadedBytes);
      expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    }
  }
});

test('too little room: told with numbers, nothing is left, nothing blocks the retry, memory is offered', async ({
  page,
  site,
}) => {
  await openLab(page, site);
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(site.url);
  const limit = (quotaSize?: number) =>
    session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize && { quotaSize }) });
  const load = (store: true | 'prefer') =>
    page.evaluate(async (kept) => {
      const { load: loadModel, storageEstimate } = window.lab.pocketbit;
      let storage: string | null = null;
      const failure = await window.lab.failure(async () => {
        const model = await loadModel('../files/random-125m-1.gguf', { store: kept });
        storage = model.info.storage;
        await model.close();
      });
      const { unfinished, modelBytes } = await storageEstimate();
      return { failure, storage, unfinished: unfinished.length, modelBytes };
    }, store);
  await limit(20_000_000);
  const refused = await load(true);
  expect(refused.failure?.code).toBe('quota');
  expect(refused.failure?.message).toMatch(/no room left after 1\d\.\d MB of the model's 64\.5 MB/);
  expect(refused).toMatchObject({ unfinished: 0, modelBytes: 0 });
  expect(await load('prefer')).toMatchObject({ failure: null, storage: 'memory', modelBytes: 0 });
  await limit();
  expect(await load(true)).toMatchObject({ failure: null, storage: 'indexeddb', unfinished: 0 });
});

test('a disk that fills up midway: quota, then the rest once there is room', async ({ page }) => {
  const unsized = [{ faults: [{ kind: 'chunked' }] }] as const;
  await withMirrors(page, [...unsized], async ({ urls }) => {
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 6_000_000 });
    const store = () =>
      page.evaluate(
        ([url]) => window.lab.failure(() => window.lab.pocketbit.importModel(url!)),
        urls,
      );
    const refused = await store();
    expect(refused?.code).toBe('quota');
    expect(refused?.message).toMatch(/no room left after 4\.2 MB of the model/);
    const kept = await page.evaluate(() => window.lab.pocketbit.storageEstimate());
    expect(kept.unfinished).toEqual([]);
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await store()).toBeNull();
    const [model] = await page.evaluate(() => window.lab.pocketbit.listModels());
    expect(model?.sha256).toBe(SHA256);
  });
});

test('a page without TLS has no locks and no subtle crypto, and works', async ({ site }) => {
  const { port } = new URL(site.url);
  const browser = await chromium.launch(
    withArgs('--host-resolver-rules=MAP models.test 127.0.0.1'),
  );
  try {
    const page = await browser.newPage();
    await page.goto(`http://models.test:${port}/lab/`);
    await page.waitForFunction(() => 'lab' in window);
    const result = await page.evaluate(async () => {
      const { isSupported, load, listModels, verifyModel } = window.lab.pocketbit;
      const model = await load('../files/random-tiny-1.gguf');
      const [stored] = await listModels();
      return {
        secure: isSecureContext,
        support: await isSupported(),
        storage: model.info.storage,
        checked: await verifyModel(stored!.source),
      };
    });
    expect(result.secure).toBe(false);
    expect(result.storage).toBe('indexeddb');
    expect(result.checked).toMatchObject({ chunks: 1, damagedChunks: 0 });
    expect(result.support.reasons.join()).toContain('HTTPS');
  } finally {
    await browser.close();
  }
});
