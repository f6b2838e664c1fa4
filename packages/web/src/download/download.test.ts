import 'fake-indexeddb/auto';
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ChunkSource } from '../store/chunk-source.ts';
import { digest } from '../store/hash.ts';
import { type DatabaseStore, openDatabase } from '../store/indexeddb.ts';
import { CHUNK_BYTES } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { type DownloadOptions, download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import type { SourceFile } from './sources.ts';

const FILE = new Uint8Array(randomBytes(2 * CHUNK_BYTES + 1000));
FILE.set(new TextEncoder().encode('GGUF'));
const SHA256 = createHash('sha256').update(FILE).digest('hex');

/** Bytes that arrive at once. */
const PART = 300_000;

let next = 0;

/** A server of `bytes` that breaks off after `breakAfter` bytes of an answer, and may not know ranges. */
function serve(bytes: Uint8Array, { breakAfter = Number.POSITIVE_INFINITY, ranges = true } = {}) {
  const asked: number[] = [];
  const sent = { bytes: 0 };
  const file: SourceFile = {
    key: `https://models.test/${next++}.gguf`,
    name: 'model.gguf',
    sources: [{ address: 'https://models.test/', open: async (offset) => open(offset) }],
  };
  function open(offset: number) {
    asked.push(offset);
    const start = ranges ? offset : 0;
    const stream = body(bytes.subarray(start));
    return { offset: start, size: bytes.length, validator: '"1"', stream };
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
  return { file, asked, sent };
}

function options(more: Partial<DownloadOptions> = {}): DownloadOptions {
  return {
    signal: new AbortController().signal,
    report: () => {},
    retry: { rounds: 0, backoffMs: 1 },
    ...more,
  };
}

async function database(): Promise<DatabaseStore> {
  return (await openDatabase())!;
}

test('a file arrives whole, with its hashes', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const manifest = await download(file, store, options({ sha256: SHA256 }));
  expect(manifest).toMatchObject({ size: FILE.length, sha256: SHA256 });
  expect(manifest.hashes).toHaveLength(3);
  expect(await store.manifest(file.key)).toEqual(manifest);
  expect(await store.draft(file.key)).toBeUndefined();
  const last = await store.chunk(manifest.blob, 2);
  expect(new Uint8Array(last!)).toEqual(FILE.subarray(2 * CHUNK_BYTES));
});

test('a broken download leaves no model and goes on where it stopped', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000 });
  await expect(download(broken.file, store, options())).rejects.toMatchObject({
    code: 'network',
  });
  expect(await store.manifest(broken.file.key)).toBeUndefined();

  const again = serve(FILE);
  const file = { ...again.file, key: broken.file.key };
  const manifest = await download(file, store, options());
  expect(again.asked).toEqual([CHUNK_BYTES]);
  expect(manifest.sha256).toBe(SHA256);
});

test('a slow store holds the download up: nothing is taken in before the last full chunk is kept', async () => {
  const store = new MemoryStore();
  const { file, sent } = serve(FILE);
  const ahead: number[] = [];
  store.putChunk = async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    ahead.push(sent.bytes - index * CHUNK_BYTES);
  };
  await download(file, store, options());
  expect(ahead).toHaveLength(3);
  expect(Math.max(...ahead)).toBeLessThan(CHUNK_BYTES + PART);
});

test('a server without ranges starts over', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000 });
  await expect(download(broken.file, store, options())).rejects.toThrow();
  const again = serve(FILE, { ranges: false });
  const file = { ...again.file, key: broken.file.key };
  expect((await download(file, store, options())).sha256).toBe(SHA256);
});

test('another file at the same address starts over', async () => {
  const store = await database();
  const broken = serve(FILE, { breakAfter: CHUNK_BYTES + 500_000, ranges: false });
  await expect(download(broken.file, store, options())).rejects.toThrow();
  const other = FILE.slice(0, CHUNK_BYTES + 5);
  const again = serve(other, { ranges: false });
  const file = { ...again.file, key: broken.file.key };
  expect((await download(file, store, options())).size).toBe(other.length);
});

test('a wrong checksum keeps nothing', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const wrong = download(file, store, options({ sha256: 'ab'.repeat(32) }));
  await expect(wrong).rejects.toMatchObject({ code: 'integrity' });
  expect(await store.manifest(file.key)).toBeUndefined();
  expect(await store.draft(file.key)).toBeUndefined();
});

test('a file that is no GGUF is refused at its first chunk', async () => {
  const { file } = serve(new TextEncoder().encode('<!doctype html>'));
  const refused = download(file, new MemoryStore(), options());
  await expect(refused).rejects.toMatchObject({ code: 'bad-model' });
});

test('a new version replaces the old one only when it is whole', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const old = await download(file, store, options());
  const changed = FILE.slice();
  changed[100]! ^= 1;
  const newer = { ...serve(changed).file, key: file.key };
  const manifest = await download(newer, store, options());
  expect(manifest.sha256).not.toBe(old.sha256);
  expect(await store.chunk(old.blob, 0)).toBeUndefined();
  expect(await store.list()).toContainEqual({ source: file.key, manifest });
});

test('a stored file reads across chunks', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const source = new ChunkSource(store, await download(file, store, options()), async () => null);
  const part = await source.read(CHUNK_BYTES - 10, 20);
  expect(part).toEqual(FILE.subarray(CHUNK_BYTES - 10, CHUNK_BYTES + 10));
  await expect(source.read(FILE.length - 1, 2)).rejects.toMatchObject({ code: 'bad-model' });
});

test('a damaged chunk is fetched again alone', async () => {
  const store = await database();
  const { file, asked } = serve(FILE);
  const manifest = await download(file, store, options());
  const damaged = (await store.chunk(manifest.blob, 1))!.slice(0);
  new Uint8Array(damaged)[5]! ^= 1;
  await store.replaceChunk(manifest.blob, 1, damaged);

  const { signal } = new AbortController();
  const repair = (index: number) => fetchChunk(file, manifest, index, signal);
  const source = new ChunkSource(store, manifest, repair);
  const part = await source.read(CHUNK_BYTES, 10);
  expect(part).toEqual(FILE.subarray(CHUNK_BYTES, CHUNK_BYTES + 10));
  expect(asked).toEqual([0, CHUNK_BYTES]);
  const repaired = await store.chunk(manifest.blob, 1);
  expect(await digest(repaired!)).toBe(manifest.hashes[1]);
});

test('a damaged chunk that cannot be fetched is an integrity error and never read', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const manifest = await download(file, store, options());
  await store.dropChunk(manifest.blob, 1);
  const source = new ChunkSource(store, manifest, async () => null);
  await expect(source.read(CHUNK_BYTES, 10)).rejects.toMatchObject({ code: 'integrity' });
});

test('a memory store gives passed chunks free', async () => {
  const store = new MemoryStore();
  const { file } = serve(FILE);
  const manifest = await download(file, store, options());
  const source = new ChunkSource(store, manifest, async () => null);
  source.goForward();
  await source.read(0, 10);
  await source.read(CHUNK_BYTES, 10);
  expect(await store.chunk(manifest.blob, 0)).toBeUndefined();
});

test('removing a model removes its chunks', async () => {
  const store = await database();
  const { file } = serve(FILE);
  const manifest = await download(file, store, options());
  await store.remove(file.key);
  expect(await store.manifest(file.key)).toBeUndefined();
  expect(await store.chunk(manifest.blob, 0)).toBeUndefined();
});
