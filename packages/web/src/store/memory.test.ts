import 'fake-indexeddb/auto';
import { PocketbitError } from '@pocketbit/core';
import { afterEach, expect, test, vi } from 'vitest';
import { DatabaseStore, openDatabase } from './indexeddb.ts';
import type { Draft } from './manifest.ts';
import { MemoryStore } from './memory.ts';
import { checkQuota } from './quota.ts';

let next = 0;

function draftOf(size: number | null): Draft {
  const source = `https://models.test/${next++}.gguf`;
  return {
    version: 1,
    source,
    name: 'm.gguf',
    size,
    chunkBytes: 4,
    hashes: [],
    blob: source,
    etag: null,
  };
}

const bytes = (value: number) => Uint8Array.of(value, value, value, value).buffer;

afterEach(() => vi.restoreAllMocks());

test('what does not fit is held in memory, no model is listed, and what fitted is given back after the load', async () => {
  const database = (await openDatabase())!;
  const store = new MemoryStore(database);
  const draft = draftOf(8);
  await store.putChunk({ ...draft, hashes: ['a'] }, 0, bytes(1));
  expect(store.kind).toBe('indexeddb');
  const full = new PocketbitError('quota', 'full');
  vi.spyOn(DatabaseStore.prototype, 'putChunk').mockRejectedValue(full);
  await store.putChunk({ ...draft, hashes: ['a', 'b'] }, 1, bytes(2));
  expect(store.kind).toBe('memory');
  expect(new Uint8Array((await store.chunk(draft.blob, 0))!)).toEqual(new Uint8Array(bytes(1)));
  expect(new Uint8Array((await store.chunk(draft.blob, 1))!)).toEqual(new Uint8Array(bytes(2)));
  await store.commit({ ...draft, size: 8, sha256: '', storedAt: 0 }, draft);
  expect(await database.manifest(draft.source)).toBeUndefined();
  expect((await database.draft(draft.source))?.hashes).toEqual(['a']);
  await store.touch(draft.source);
  expect(await database.draft(draft.source)).toBeUndefined();
  expect(await database.chunk(draft.blob, 0)).toBeUndefined();
});

test('an error that is not about room is an error', async () => {
  const store = new MemoryStore((await openDatabase())!);
  vi.spyOn(DatabaseStore.prototype, 'putChunk').mockRejectedValue(new TypeError('bug'));
  await expect(store.putChunk(draftOf(8), 0, bytes(1))).rejects.toThrow('bug');
});

test('too little room by the estimate: quota with the numbers, or memory from the start', async () => {
  const estimate = async () => ({ quota: 50e6, usage: 20e6 });
  vi.stubGlobal('navigator', { storage: { estimate } });
  const database = (await openDatabase())!;
  const draft = draftOf(45e6);
  await expect(checkQuota(draft, 10e6, database)).rejects.toMatchObject({
    code: 'quota',
    message: expect.stringContaining(
      'needs 35.0 MB more and the browser offers 30.0 MB of 50.0 MB',
    ),
  });
  await checkQuota(draft, 20e6, database);
  const store = new MemoryStore(database);
  await checkQuota(draft, 10e6, store);
  expect(store.kind).toBe('memory');
  vi.unstubAllGlobals();
});
