import 'fake-indexeddb/auto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256, versionsOf } from '../../../../tests/support/fault-runs.ts';
import { type Fault, scheduled } from '../../../../tests/support/fault-schedules.ts';
import { type FaultServer, startFaultServer } from '../../../../tests/support/fault-server.ts';
import type { FileRequest } from '../protocol.ts';
import { CHUNK_BYTES } from '../store/manifest.ts';
import type { FileLoad } from './file-load.ts';
import { openFile } from './open-file.ts';

const [FILE, OTHER] = versionsOf(2 * CHUNK_BYTES + 1000);

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.close());

function serve(faults: Fault[] = [], changesAt = Number.POSITIVE_INFINITY): string {
  return server.serve(scheduled({ faults, changesAt }), [FILE, OTHER]).urls[0]!;
}

function open(source: FileRequest['source'], signal = new AbortController().signal) {
  return openFile({ source, store: true, name: 'streamed.gguf' }, { signal, report: () => {} });
}

async function readAll(file: FileLoad): Promise<string> {
  file.accept();
  file.stream();
  const { source } = file;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < source.size; at += 1_000_000) {
    parts.push((await source.read(at, Math.min(1_000_000, source.size - at))).slice());
  }
  return sha256(Buffer.concat(parts));
}

test('a file is read while it arrives, and from the store the next time', async () => {
  const url = serve();
  const first = await open(url);
  expect(first).toMatchObject({ state: 'header', arriving: true });
  expect(await readAll(first)).toBe(sha256(FILE));
  expect(await first.whole).toMatchObject({ size: FILE.length, sha256: sha256(FILE) });
  const second = await open(url);
  expect(second).toMatchObject({ fromCache: true, state: 'complete' });
  expect(await readAll(second)).toBe(sha256(FILE));
});

test('nothing is fetched behind what is read until the reader wants all of it', async () => {
  const url = serve();
  const file = await open(url);
  await file.source.read(0, 10);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect((await file.store.draft(url))?.hashes).toHaveLength(1);
  file.accept();
  expect(await file.whole).toMatchObject({ size: FILE.length });
});

test('a reader who stops leaves what he read, and no more', async () => {
  const url = serve();
  const file = await open(url);
  await file.source.read(0, 10);
  await file.abandon(false);
  expect((await file.store.draft(url))?.hashes).toHaveLength(1);
});

test('a file that changed half-way is not read on, and the other one is whole', async () => {
  const file = await open(serve([{ kind: 'cut', after: 0.7 }], 1));
  await expect(readAll(file)).rejects.toMatchObject({ code: 'network' });
  expect(file.state).toBe('replaced');
  await file.reopen();
  expect(file.state).toBe('complete');
  expect(await readAll(file)).toBe(sha256(OTHER));
});

test('a download that fails fails whoever reads behind it', async () => {
  const stop = new AbortController();
  const file = await open(serve([{ kind: 'stall', after: 0.6 }]), stop.signal);
  await file.source.read(0, 10);
  const reading = file.source.read(2 * CHUNK_BYTES, 10);
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  await expect(file.whole).rejects.toMatchObject({ code: 'aborted' });
});

test('a stream is stored under its content', async () => {
  const file = await open(new Blob([FILE as Uint8Array<ArrayBuffer>]).stream());
  const { source } = await file.whole;
  expect(source).toBe(`stored:streamed.gguf:${FILE.length}:${sha256(FILE).slice(0, 16)}`);
  expect(await open(source)).toMatchObject({ fromCache: true });
});

test('a file that turns out bad leaves nothing', async () => {
  const url = serve();
  const file = await open(url);
  await file.abandon(true);
  expect(await file.store.manifest(url)).toBeUndefined();
  expect(await file.store.draft(url)).toBeUndefined();
});
