// Records of the model store that this build cannot read: of a later version, or mangled. None takes the rest with it.
import type { Page } from '@playwright/test';
import { test as base, expect } from './fixtures.ts';

const MODEL = '../files/random-125m-1.gguf';
const SMALL = '../files/random-tiny-1.gguf';
/** Three chunks that only look like a model. */
const MADE = '../made/three.gguf';
const BYTES = Buffer.alloc(2 * 4 * 1024 * 1024 + 10, 'GGUF');

const test = base.extend<{ asked: string[] }>({
  /** The requests for the made file. */
  asked: [
    async ({ lab }, use) => {
      const asked: string[] = [];
      await lab.route('**/three.gguf', (route) => {
        asked.push(route.request().url());
        return route.fulfill({ body: BYTES, contentType: 'application/octet-stream' });
      });
      await use(asked);
    },
    { auto: true },
  ],
});

/** Stores a model and a small one, and puts what `change` says in place of the record `kind` of the first. */
async function storedWith(
  page: Page,
  kind: 'model' | 'draft' | 'used',
  change: object,
  model = MADE,
) {
  return page.evaluate(
    async ([large, small, key, fields]) => {
      const { importModel } = window.lab.pocketbit;
      const { source } = await importModel(large);
      await importModel(small);
      const { getRecord, putRecord } = window.lab.store;
      const record = { ...((await getRecord(['model', source])) as object) };
      await putRecord(
        [key, source],
        fields && 'raw' in fields ? fields.raw : { ...record, ...fields },
      );
      return source;
    },
    [model, SMALL, kind, change] as const,
  );
}

/** What the store says, each call by its own. */
function shelf(page: Page) {
  return page.evaluate(async () => {
    const { listModels, storageEstimate, suggestEviction } = window.lab.pocketbit;
    const listed = (await listModels()).map(({ name }) => name);
    const { modelBytes, unfinished, unreadable } = await storageEstimate();
    const evicted = (await suggestEviction(1)).length;
    return { listed, modelBytes, unfinished: unfinished.length, unreadable, evicted };
  });
}

const MANGLED: Record<string, object> = {
  'is null': { raw: null },
  'is text': { raw: 'model' },
  'is a number': { raw: 7 },
  'has no hashes': { hashes: undefined },
  'has hashes that are no list': { hashes: 'abc' },
  'has a hash that is a number': { hashes: [1, 2, 3] },
  'lists too few chunks': { hashes: ['00'] },
  'has no name': { name: null },
  'has a size that is text': { size: '64' },
  'has a negative size': { size: -1 },
  'has chunks of nothing': { chunkBytes: 0 },
  'has no blob': { blob: undefined },
  'is of another source': { source: 5 },
  'has a version that is text': { version: 'one' },
};

for (const [name, change] of Object.entries(MANGLED)) {
  test(`a manifest that ${name}: the others are there, and the model is fetched anew, its record kept aside (fault 18)`, async ({
    lab,
  }) => {
    const source = await storedWith(lab, 'model', change);
    const before = await lab.evaluate(() => window.lab.store.chunkCount());
    const found = await shelf(lab);
    expect(found).toMatchObject({ listed: ['random-tiny-1.gguf'], unfinished: 0, evicted: 1 });
    expect(found.unreadable).toHaveLength(1);
    expect(found.unreadable[0]).toMatchObject({ source });
    const checked = await lab.evaluate(
      async (model) => [
        (await window.lab.failure(() => window.lab.pocketbit.verifyModel(model)))?.code,
        (await window.lab.failure(() => window.lab.pocketbit.exportModel(model)))?.code,
      ],
      source,
    );
    expect(checked).toEqual(['storage', 'storage']);
    expect(await lab.evaluate(() => window.lab.store.chunkCount())).toBe(before);
    await lab.evaluate((model) => window.lab.pocketbit.importModel(model), source);
    const after = await shelf(lab);
    expect(after.listed).toHaveLength(2);
    expect(after.unreadable).toEqual(found.unreadable);
    await lab.evaluate((model) => window.lab.pocketbit.deleteModel(model), source);
    expect((await shelf(lab)).unreadable).toEqual([]);
    expect(await lab.evaluate(() => window.lab.store.chunkCount())).toBe(1);
  });
}

test('a manifest of a later version: storage for this model, nothing of it is touched or fetched, and it can be deleted (fault 18)', async ({
  lab,
  asked,
}) => {
  const source = await storedWith(lab, 'model', { version: 2, blobs: ['a'], hashes: null });
  const keys = () => lab.evaluate(async () => (await window.lab.store.storedKeys()).join('\n'));
  const before = await keys();
  const codes = await lab.evaluate(async (model) => {
    const { load, verifyModel, repairModel, exportModel, importModel, checkFit } =
      window.lab.pocketbit;
    const tries = [load, verifyModel, repairModel, exportModel, importModel, checkFit];
    const failures = [];
    for (const work of tries) failures.push(await window.lab.failure(() => work(model)));
    return failures.map((failure) => `${failure?.code} ${failure?.message}`);
  }, source);
  for (const code of codes) expect(code).toMatch(/^storage .*later version/);
  expect(asked).toHaveLength(1);
  const found = await shelf(lab);
  expect(found).toMatchObject({ listed: ['random-tiny-1.gguf'], unreadable: [{ source }] });
  expect(found.unreadable[0]?.records).toMatchObject([{ version: 2, blobs: ['a'] }]);
  // A sweep for another model leaves alone what a record that cannot be read may list.
  await lab.evaluate(async (small) => {
    await window.lab.pocketbit.deleteModel(new URL(small, location.href).href);
  }, SMALL);
  const left = await keys();
  expect(left.split('\n')).toEqual(before.split('\n').filter((key) => left.includes(key)));
  expect(await lab.evaluate(() => window.lab.store.chunkCount())).toBe(3);
  await lab.evaluate((model) => window.lab.pocketbit.deleteModel(model), source);
  expect(await keys()).toBe('');
});

for (const [name, change] of Object.entries({
  'is null': { raw: null },
  'lists no chunks': { hashes: null },
  'began at the end of time': { begun: 'later', raw: { begun: 1e300, source: 1 } },
})) {
  test(`a draft that ${name} is no hindrance (fault 18)`, async ({ lab }) => {
    const source = await storedWith(lab, 'draft', change);
    expect(await shelf(lab)).toMatchObject({ unfinished: 0, unreadable: [{ source }] });
    const other = await lab.evaluate(
      async ([model, key]) => {
        const { getRecord, putRecord } = window.lab.store;
        await putRecord(['model', key]);
        const { sha256 } = await window.lab.pocketbit.importModel(model);
        return { sha256, draft: await getRecord(['draft', key]) };
      },
      [MADE, source] as const,
    );
    expect(other).toMatchObject({ draft: undefined });
    expect(await shelf(lab)).toMatchObject({ unfinished: 0, unreadable: [{ source }] });
  });
}

test('notes of use, chunks and timings that are mangled cost what they are, and nothing else (fault 18)', async ({
  lab,
}) => {
  const source = await storedWith(lab, 'used', { raw: { at: 'once' } }, MODEL);
  const result = await lab.evaluate(async (model) => {
    const { getRecord, putRecord, storedKeys } = window.lab.store;
    const [, blob] = (await storedKeys()).find(([kind, , at]) => kind === 'chunk' && at === 9)!;
    await putRecord(['chunk', blob, 9], 1e9);
    await putRecord(['chunk', blob, 8], 'text');
    const { listModels, load, verifyModel } = window.lab.pocketbit;
    const listed = (await listModels()).map(({ lastUsed }) => Number.isFinite(lastUsed.getTime()));
    const { damagedChunks } = await verifyModel(model);
    const loaded = async () => {
      const opened = await load(model, { contextLength: 64 });
      await opened.close();
      return opened.info.artifact;
    };
    const key = await loaded();
    const timings = ['pocketbit-kernels', 'timings'] as const;
    const record = (await getRecord(key, ...timings)) as object;
    await putRecord(key, { ...record, timings: [null, { gmacs: 'fast' }] }, ...timings);
    const artifact = await loaded();
    return { listed, damagedChunks, artifact, after: (await verifyModel(model)).damagedChunks };
  }, source);
  expect(result).toMatchObject({ listed: [true, true], damagedChunks: 2, after: 0 });
});

test('records without a version, and chunks known by the hash of the whole, are read and not fetched again (fault 18)', async ({
  lab,
}) => {
  const source = await storedWith(lab, 'model', {}, MODEL);
  const asked: string[] = [];
  lab.on('request', (request) => {
    if (request.url().includes('random-125m')) asked.push(request.url());
  });
  const found = await lab.evaluate(async (model) => {
    const { getRecord, putRecord, sha256Of } = window.lab.store;
    const { version, begun, etag, ...rest } = (await getRecord(['model', model])) as {
      [field: string]: unknown;
      blob: string;
      hashes: string[];
    };
    const hashes = [];
    for (const index of rest.hashes.keys()) {
      hashes.push(await sha256Of((await getRecord(['chunk', rest.blob, index])) as ArrayBuffer));
    }
    await putRecord(['model', model], { ...rest, etag, hashes });
    const opened = await window.lab.pocketbit.load(model, { contextLength: 64 });
    await opened.close();
    const { damagedChunks } = await window.lab.pocketbit.verifyModel(model);
    return { damagedChunks, version, begun: typeof begun };
  }, source);
  expect(found).toEqual({ damagedChunks: 0, version: 1, begun: 'number' });
  expect(asked).toEqual([]);
});
