import 'fake-indexeddb/auto';
import { set } from 'idb-keyval';
import { beforeEach, expect, test } from 'vitest';
import { database } from './database.ts';
import { openDatabase } from './indexeddb.ts';
import { listModels, storageEstimate, suggestEviction } from './library.ts';

/** Models of 100, 200 and 300 bytes, the first the longest unused, and an unfinished download. */
beforeEach(async () => {
  const store = (await openDatabase())!;
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
    const draft = {
      version: 1 as const,
      source: `https://models.test/${name}`,
      name,
      size: 100 * (i + 1),
      chunkBytes: 64,
      hashes: ['00'],
      blob: name,
      etag: null,
    };
    await store.putChunk(draft, 0, new ArrayBuffer(64));
    if (name === 'd') continue;
    const hashes = Array.from({ length: Math.ceil(draft.size / 64) }, () => '00');
    await store.commit({ ...draft, hashes, sha256: name, storedAt: 1000 + i }, draft);
  }
  await store.touch('https://models.test/b');
});

test('models are listed by when they were used last', async () => {
  const names = (await listModels()).map(({ name }) => name);
  expect(names).toEqual(['b', 'c', 'a']);
});

test('the least recently used go first, no more of them than asked for, and none that are to stay', async () => {
  const namesFor = async (bytes: number, keep: string[] = []) =>
    (await suggestEviction(bytes, { keep })).map(({ name }) => name);
  expect(await namesFor(50)).toEqual(['a']);
  expect(await namesFor(101)).toEqual(['a', 'c']);
  expect(await namesFor(101, ['https://models.test/a'])).toEqual(['c']);
  expect(await namesFor(601)).toEqual([]);
});

test('an estimate counts models and what unfinished downloads hold', async () => {
  const { modelBytes, unfinished } = await storageEstimate();
  expect(modelBytes).toBe(600);
  expect(unfinished).toEqual([
    { source: 'https://models.test/d', name: 'd', loadedBytes: 64, totalBytes: 400 },
  ]);
});

test('a leftover of a download is swept away with the next deletion, and no living chunk', async () => {
  const store = (await openDatabase())!;
  await set(['chunk', 'lost', 0], new ArrayBuffer(4), database('pocketbit', 'models'));
  expect(await store.chunk('lost', 0)).toBeDefined();
  await store.remove('https://models.test/a');
  expect(await store.chunk('lost', 0)).toBeUndefined();
  expect(await store.chunk('a', 0)).toBeUndefined();
  for (const blob of ['b', 'c', 'd']) expect(await store.chunk(blob, 0)).toBeDefined();
});
