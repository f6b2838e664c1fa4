import 'fake-indexeddb/auto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { versionsOf } from '../../../../tests/support/fault-runs.ts';
import { scheduled } from '../../../../tests/support/fault-schedules.ts';
import { type FaultServer, startFaultServer } from '../../../../tests/support/fault-server.ts';
import { digest } from '../store/hash.ts';
import { openDatabase } from '../store/indexeddb.ts';
import { damagedChunks, repairChunks } from '../store/maintenance.ts';
import type { Manifest, ModelStore } from '../store/manifest.ts';
import { download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import { urlFile } from './sources.ts';

const CHUNK = 64 * 1024;
const [FILE, OTHER] = versionsOf(3.5 * CHUNK);
const LIMITS = { stallMs: 500, backoffMs: 1, rounds: 1, offlineMs: 0 };
const job = { signal: new AbortController().signal, report: () => {} };

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.close());

/** Addresses of FILE, or of OTHER where it `changed`, on servers that may not know ranges. */
function serve(...sources: { changed?: boolean; ranges?: boolean }[]): string[] {
  const schedule = scheduled(
    ...sources.map(({ changed, ranges = true }) => ({ ranges, ...(changed && { changesAt: 0 }) })),
  );
  return server.serve(schedule, [FILE, OTHER]).urls;
}

function chunkOf(index: number): ArrayBuffer {
  return new Uint8Array(FILE.subarray(index * CHUNK, (index + 1) * CHUNK)).buffer;
}

async function stored(store: ModelStore) {
  const file = urlFile(...serve({}));
  return download(file, store, { ...job, chunkBytes: CHUNK });
}

const damagedOf = (store: ModelStore, manifest: Manifest) =>
  damagedChunks(store, manifest, job.signal, () => {});

async function damage(store: ModelStore, blob: string, index: number): Promise<void> {
  const bytes = new Uint8Array((await store.chunk(blob, index))!.slice(0));
  bytes[7]! ^= 1;
  await store.replaceChunk(blob, index, bytes.buffer);
}

test('damaged and missing chunks are found, and they alone are put right', async () => {
  const store = (await openDatabase())!;
  const manifest = await stored(store);
  expect(manifest.hashes).toEqual(await Promise.all([0, 1, 2, 3].map((i) => digest(chunkOf(i)))));
  expect(await damagedOf(store, manifest)).toEqual([]);
  await damage(store, manifest.blob, 1);
  await store.dropChunk(manifest.blob, 3);
  const damaged = await damagedOf(store, manifest);
  expect(damaged).toEqual([1, 3]);
  const file = urlFile(...serve({}));
  const fetch = (index: number) => fetchChunk(file, manifest, index, job.signal);
  await repairChunks(store, manifest, damaged, fetch, () => {});
  expect(await damagedOf(store, manifest)).toEqual([]);
});

test('a source with other bytes gives way to one with the right ones, ranges or not', async () => {
  const store = (await openDatabase())!;
  const manifest = await stored(store);
  const file = urlFile(...serve({ changed: true }, { ranges: false }));
  const chunk = await fetchChunk(file, manifest, 2, job.signal, LIMITS);
  expect(new Uint8Array(chunk)).toEqual(new Uint8Array(chunkOf(2)));
});

test('where no source has the bytes any more, that is an integrity error', async () => {
  const store = (await openDatabase())!;
  const manifest = await stored(store);
  const file = urlFile(...serve({ changed: true }));
  const fetching = fetchChunk(file, manifest, 0, job.signal, LIMITS);
  await expect(fetching).rejects.toMatchObject({ code: 'integrity' });
});
