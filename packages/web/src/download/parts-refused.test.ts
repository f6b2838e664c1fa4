// A server that gives the whole file and no part of it, as one does whose compressed parts the browser cannot decode.
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { versionsOf } from '../../../../tests/support/fault-runs.ts';
import {
  honest,
  startToldServer,
  type Tell,
  type ToldServer,
} from '../../../../tests/support/told-server.ts';
import { openDatabase } from '../store/indexeddb.ts';
import { type DownloadOptions, download } from './download.ts';
import { fetchChunk } from './fetch-chunk.ts';
import { urlFile } from './sources.ts';

const CHUNK = 64 * 1024;
const [FILE] = versionsOf(3.5 * CHUNK);
const SHA256 = createHash('sha256').update(FILE).digest('hex');
const TAGGED = { headers: { etag: '"v1"' } };
const { signal } = new AbortController();

let server: ToldServer;
beforeAll(async () => {
  server = await startToldServer();
});
afterAll(() => server.close());

/** Breaks off after 1.5 chunks, then gives no part. */
const partless: Tell = (asked, response) => {
  if (asked.ranged) return response.destroy();
  const cut = asked.number === 0 ? 1.5 * CHUNK : undefined;
  return honest(asked, response, FILE, { ...TAGGED, cut });
};

function options(restarts: string[]): DownloadOptions {
  const observer = {
    started: () => {},
    stored: async () => {},
    restarted: () => void restarts.push('restarted'),
  };
  const retry = { backoffMs: 1, stallMs: 2000 };
  return { signal, report: () => {}, chunkBytes: CHUNK, observer, retry };
}

test('a server that is there and gives no part is asked for the whole, and nothing stored is lost (fault 8)', async () => {
  const restarts: string[] = [];
  const model = server.model('m.gguf', partless);
  const store = (await openDatabase())!;
  const { sha256 } = await download(urlFile(model.url), store, options(restarts));
  expect(sha256).toBe(SHA256);
  expect(restarts).toEqual([]);
  expect(model.asked.filter((range) => range === 'all')).toHaveLength(2);
});

test('a chunk is repaired from such a server (fault 8)', async () => {
  const model = server.model('m.gguf', partless);
  const store = (await openDatabase())!;
  const manifest = await download(urlFile(model.url), store, options([]));
  const limits = { stallMs: 2000, backoffMs: 1, rounds: 16, offlineMs: 0 };
  for (const index of [0, 2]) {
    const chunk = await fetchChunk(urlFile(model.url), manifest, index, signal, limits);
    const expected = FILE.subarray(index * CHUNK, (index + 1) * CHUNK);
    expect(Buffer.from(chunk).equals(Buffer.from(expected))).toBe(true);
  }
});

test('a server that is not there is not asked for the whole (fault 1)', async () => {
  const model = server.model('m.gguf', (asked, response) =>
    honest(asked, response, FILE, {
      ...TAGGED,
      cut: asked.number === 0 ? 1.5 * CHUNK : undefined,
    }),
  );
  const store = (await openDatabase())!;
  let gone = false;
  const report = ({ loadedBytes }: { loadedBytes: number }) => {
    if (loadedBytes < 1.5 * CHUNK || gone) return;
    gone = true;
    model.there = false;
    setTimeout(() => {
      model.there = true;
    }, 5000);
  };
  const given = { ...options([]), retry: { backoffMs: 500, stallMs: 2000 }, report };
  const { sha256 } = await download(urlFile(model.url), store, given);
  expect(sha256).toBe(SHA256);
  expect(model.asked).toEqual(['all', `${1.5 * CHUNK}-`]);
}, 20_000);
