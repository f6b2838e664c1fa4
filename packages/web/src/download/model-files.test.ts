import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fault, scheduled } from '../../../../tests/support/fault-schedules.ts';
import { type FaultServer, startFaultServer } from '../../../../tests/support/fault-server.ts';
import { tinyFolder } from '../../../../tests/support/paths.ts';
import { listModels, storageEstimate } from '../store/library.ts';
import { completed, openModelFiles } from './model-files.ts';

const MODEL = new Uint8Array(readFileSync(join(tinyFolder, 'tiny-tq2.gguf')));
const BROKEN = MODEL.slice();
BROKEN.fill(0xff, 8, 24);

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.close());

function serve(file: Uint8Array, faults: Fault[] = []): string {
  const schedule = scheduled({ validator: 'none', ranges: false, faults });
  return server.serve(schedule, [file, file]).urls[0]!;
}

const open = (source: string) =>
  openModelFiles(
    { source, store: true },
    { signal: new AbortController().signal, report: () => {} },
  );

test('a download that starts over while the header is awaited gives the header all the same', async () => {
  const found = await open(serve(MODEL, [{ kind: 'cut', after: 0.5 }]));
  expect(found.files[0]?.state).toBe('complete');
  expect(found.header.tensors.length).toBeGreaterThan(0);
  expect((await completed(found.files))[0]?.size).toBe(MODEL.length);
});

test('a file that is no model is refused and leaves nothing', async () => {
  const source = serve(BROKEN);
  await expect(open(source)).rejects.toMatchObject({ code: 'bad-model' });
  expect((await listModels()).filter((model) => model.source === source)).toEqual([]);
  expect((await storageEstimate()).unfinished).toEqual([]);
});

test('checksums of one file are refused for a model of several', async () => {
  const source = 'https://models.test/m-00001-of-00002.gguf';
  const opening = openModelFiles(
    { source, store: true, sha256: '00' },
    { signal: new AbortController().signal, report: () => {} },
  );
  await expect(opening).rejects.toMatchObject({ code: 'unsupported' });
});
