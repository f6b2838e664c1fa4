import 'fake-indexeddb/auto';
import { get, set } from 'idb-keyval';
import { afterEach, expect, test, vi } from 'vitest';
import { database } from './database.ts';
import { type DatabaseStore, openDatabase } from './indexeddb.ts';
import type { Draft, Manifest } from './manifest.ts';

const records = database('pocketbit', 'models');
const bytes = () => new ArrayBuffer(4);
let next = 0;

afterEach(() => vi.restoreAllMocks());

async function stored(store: DatabaseStore): Promise<Manifest> {
  const name = `m${next++}.gguf`;
  const draft: Draft = {
    version: 1,
    source: `https://models.test/${name}`,
    name,
    size: 4,
    chunkBytes: 4,
    hashes: ['00'],
    blob: name,
    etag: null,
  };
  const manifest = { ...draft, size: 4, sha256: name, storedAt: 1 };
  await store.putChunk(draft, 0, bytes());
  await store.commit(manifest, draft);
  return manifest;
}

test('a chunk of a model that was deleted meanwhile is not stored, nor its use, and the store says so', async () => {
  const store = (await openDatabase())!;
  const { source, blob } = await stored(store);
  await (await openDatabase())!.remove(source);
  await expect(store.replaceChunk(blob, 0, bytes())).rejects.toMatchObject({ code: 'storage' });
  expect(store.kind).toBe('indexeddb');
  await store.touch(source);
  expect(store.kind).toBe('memory');
  expect(await store.chunk(blob, 0)).toBeUndefined();
  expect(await get(['used', source], records)).toBeUndefined();
});

test('a sweep leaves what a record that cannot be read may list, until that is deleted', async () => {
  const store = (await openDatabase())!;
  const [kept, other, third] = [await stored(store), await stored(store), await stored(store)];
  const later = { ...kept, version: 2, blob: undefined, blobs: [kept.blob] };
  await set(['model', kept.source], later, records);
  await store.remove(other.source);
  await store.discard({ ...third, source: 'x', hashes: [] });
  expect(await store.chunk(kept.blob, 0)).toBeDefined();
  expect(await store.chunk(third.blob, 0)).toBeDefined();
  expect(await store.chunk(other.blob, 0)).toBeUndefined();
  await expect(store.manifest(kept.source)).rejects.toMatchObject({ code: 'storage' });
  const draft: Draft = { ...kept, hashes: [] };
  await expect(store.commit(kept, draft)).rejects.toMatchObject({ code: 'storage' });
  expect(await get(['model', kept.source], records)).toEqual(later);
  await store.remove(kept.source);
  expect(await store.chunk(kept.blob, 0)).toBeUndefined();
  expect(await store.chunk(third.blob, 0)).toBeDefined();
});

test('a mangled record is not there, is kept aside by what takes its place, and goes with its model', async () => {
  const store = (await openDatabase())!;
  const manifest = await stored(store);
  const { source, blob } = manifest;
  await set(['model', source], { ...manifest, hashes: [] }, records);
  expect(await store.manifest(source)).toBeUndefined();
  const entryOf = async () => (await store.list()).find((entry) => entry.source === source);
  expect(await entryOf()).toEqual({ source, unreadable: [{ ...manifest, hashes: [] }] });
  const draft: Draft = { ...manifest, blob: `${blob}2` };
  await store.putChunk(draft, 0, bytes());
  await store.commit({ ...manifest, blob: `${blob}2` }, draft);
  expect(await entryOf()).toMatchObject({ manifest: { source }, unreadable: [{ hashes: [] }] });
  await store.remove(source);
  expect(await entryOf()).toBeUndefined();
});

test('a transaction that fails is undone and tried again, one for which there is no room is not', async () => {
  const store = (await openDatabase())!;
  const { source } = await stored(store);
  const real = IDBObjectStore.prototype.delete;
  let failures = 2;
  const spy = vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(function (
    this: IDBObjectStore,
    key: IDBValidKey | IDBKeyRange,
  ) {
    const request = real.call(this, key);
    if (String(key).startsWith('chunk') && failures-- > 0)
      throw new DOMException('x', 'UnknownError');
    return request;
  });
  await store.remove(source);
  expect(failures).toBe(-1);
  expect(await store.manifest(source)).toBeUndefined();
  spy.mockImplementation(() => {
    throw new DOMException('x', 'QuotaExceededError');
  });
  spy.mockClear();
  const again = await stored(store).catch((error: unknown) => error);
  expect(again).toMatchObject({ code: 'quota' });
  expect(spy).toHaveBeenCalledTimes(1);
});
