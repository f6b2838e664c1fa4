import 'fake-indexeddb/auto';
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { StoredSource } from '../store/chunk-source.ts';
import { digest } from '../store/hash.ts';
import { openDatabase } from '../store/indexeddb.ts';
import { CHUNK_BYTES, type ModelStore } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { type DownloadOptions, download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import type { Origin } from './sources.ts';

const FILE = new Uint8Array(randomBytes(2 * CHUNK_BYTES + 1000));
FILE.set(new TextEncoder().encode('GGUF'));
const SHA256 = createHash('sha256').update(FILE).digest('hex');

/** Bytes that arrive at once. */
const PART = 300_000;

let next = 0;

/** A server of `file` that breaks off after `breakAfter` bytes of an answer, and may not know ranges. */
function serve(file: Uint8Array, { breakAfter = Number.POSITIVE_INFINITY, ranges = true } = {}) {
  const asked: number[] = [];
  const sent = { bytes: 0 };
  const origin: Origin = {
    source: `https://models.test/${next++}.gguf`,
    name: 'model.gguf',
    places: [{ address: 'https://models.test/', open: async (offset) => open(offset) }],
  };
  function open(offset: number) {
    asked.push(offset);
    const start = ranges ? offset : 0;
    const stream = body(file.subarray(start));
    return { offset: start, size: file.length, validator: '"1"', stream };
  }
  function body(bytes: Uint8Array): ReadableStream<Uint8Array> {
    let at = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (at >= breakAfter) return controller.error(new TypeError('connection lost'));
      if (at >= bytes.length) return controller.close();
      const part = bytes.slice(at, at + PART);
      controller.enqueue(part);
      at += part.length;
      sent.bytes += part.length;
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
  return { origin, asked, sent };
}

function options(more: Partial<DownloadOptions> = {}): DownloadOptions {
  return {
    signal: new AbortController().signal,
    report: () => {},
    pace: { rounds: 0, backoffMs: 1 },
    ...more,
  };
}

async function database(): Promise<ModelStore> {
  return (await openDatabase())!;
}

test('a file arrives whole, with its hashes', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const manifest = await download(origin, store, options({ sha256: SHA256 }));
  expect(manifest).toMatchObject({ size: FILE.length, sha256: SHA256 });
  expect(manifest.hashes).toHaveLength(3);
  expect(await store.manifest(origin.source)).toEqual(manifest);
  expect(await store.draft(origin.source)).toBeUndefined();
  const last = await store.chunk(manifest.blob, 2);
  expect(new Uint8Array(last!)).toEqual(FILE.subarray(2 * CHUNK_BYTES));
});

test('a broken download leaves no model and goes on where it stopped', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000 });
  await expect(download(broken.origin, store, options())).rejects.toMatchObject({
    code: 'network',
  });
  expect(await store.manifest(broken.origin.source)).toBeUndefined();

  const again = serve(FILE);
  const origin = { ...again.origin, source: broken.origin.source };
  const manifest = await download(origin, store, options());
  expect(again.asked).toEqual([CHUNK_BYTES]);
  expect(manifest.sha256).toBe(SHA256);
});

test('a slow store holds the download up: nothing is taken in before the last full chunk is kept', async () => {
  const store = new MemoryStore();
  const { origin, sent } = serve(FILE);
  const ahead: number[] = [];
  store.putChunk = async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    ahead.push(sent.bytes - index * CHUNK_BYTES);
  };
  await download(origin, store, options());
  expect(ahead).toHaveLength(3);
  expect(Math.max(...ahead)).toBeLessThan(CHUNK_BYTES + PART);
});

test('a server without ranges starts over', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000 });
  await expect(download(broken.origin, store, options())).rejects.toThrow();
  const again = serve(FILE, { ranges: false });
  const origin = { ...again.origin, source: broken.origin.source };
  expect((await download(origin, store, options())).sha256).toBe(SHA256);
});

test('another file at the same address starts over', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000, ranges: false });
  await expect(download(broken.origin, store, options())).rejects.toThrow();
  const other = FILE.slice(0, CHUNK_BYTES + 5);
  const again = serve(other, { ranges: false });
  const origin = { ...again.origin, source: broken.origin.source };
  expect((await download(origin, store, options())).size).toBe(other.length);
});

test('a wrong checksum keeps nothing', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const wrong = download(origin, store, options({ sha256: 'ab'.repeat(32) }));
  await expect(wrong).rejects.toMatchObject({ code: 'integrity' });
  expect(await store.manifest(origin.source)).toBeUndefined();
  expect(await store.draft(origin.source)).toBeUndefined();
});

test('a file that is no GGUF is refused at its first chunk', async () => {
  const { origin } = serve(new TextEncoder().encode('<!doctype html>'));
  const refused = download(origin, new MemoryStore(), options());
  await expect(refused).rejects.toMatchObject({ code: 'bad-model' });
});

test('a new version replaces the old one only when it is whole', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const old = await download(origin, store, options());
  const changed = FILE.slice();
  changed[100]! ^= 1;
  const newer = { ...serve(changed).origin, source: origin.source };
  const manifest = await download(newer, store, options());
  expect(manifest.sha256).not.toBe(old.sha256);
  expect(await store.chunk(old.blob, 0)).toBeUndefined();
  expect(await store.list()).toContainEqual({ source: origin.source, manifest });
});

test('a stored file reads across chunks', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const source = new StoredSource(
    store,
    await download(origin, store, options()),
    async () => null,
  );
  const part = await source.read(CHUNK_BYTES - 10, 20);
  expect(part).toEqual(FILE.subarray(CHUNK_BYTES - 10, CHUNK_BYTES + 10));
  await expect(source.read(FILE.length - 1, 2)).rejects.toMatchObject({ code: 'bad-model' });
});

test('a damaged chunk is fetched again alone', async () => {
  const store = await database();
  const { origin, asked } = serve(FILE);
  const manifest = await download(origin, store, options());
  const damaged = (await store.chunk(manifest.blob, 1))!.slice(0);
  new Uint8Array(damaged)[5]! ^= 1;
  await store.replaceChunk(manifest.blob, 1, damaged);

  const { signal } = new AbortController();
  const repair = (index: number) => fetchChunk(origin, manifest, index, signal);
  const source = new StoredSource(store, manifest, repair);
  const part = await source.read(CHUNK_BYTES, 10);
  expect(part).toEqual(FILE.subarray(CHUNK_BYTES, CHUNK_BYTES + 10));
  expect(asked).toEqual([0, CHUNK_BYTES]);
  const repaired = await store.chunk(manifest.blob, 1);
  expect(await digest(repaired!)).toBe(manifest.hashes[1]);
});

test('a damaged chunk that cannot be fetched is an integrity error and never read', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const manifest = await download(origin, store, options());
  await store.dropChunk(manifest.blob, 1);
  const source = new StoredSource(store, manifest, async () => null);
  await expect(source.read(CHUNK_BYTES, 10)).rejects.toMatchObject({ code: 'integrity' });
});

test('a memory store gives passed chunks free', async () => {
  const store = new MemoryStore();
  const { origin } = serve(FILE);
  const manifest = await download(origin, store, options());
  const source = new StoredSource(store, manifest, async () => null);
  source.forward = true;
  await source.read(0, 10);
  await source.read(CHUNK_BYTES, 10);
  expect(await store.chunk(manifest.blob, 0)).toBeUndefined();
});

test('removing a model removes its chunks', async () => {
  const store = await database();
  const { origin } = serve(FILE);
  const manifest = await download(origin, store, options());
  await store.remove(origin.source);
  expect(await store.manifest(origin.source)).toBeUndefined();
  expect(await store.chunk(manifest.blob, 0)).toBeUndefined();
});
