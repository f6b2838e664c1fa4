import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { type DatabaseStore, openDatabase } from './indexeddb.ts';
import type { Draft } from './manifest.ts';

const SOURCE = 'https://models.test/superseded.gguf';
const bytes = (value: number) => new Uint8Array([value]).buffer;

function draft(begun: number, blob: string, chunks: number): Draft {
  const hashes = Array.from({ length: chunks }, (_, i) => `${i}`);
  const known = { version: 1, source: SOURCE, name: 'a.gguf', size: null, etag: null } as const;
  return { ...known, chunkBytes: 1, hashes, blob, begun };
}

async function store(): Promise<DatabaseStore> {
  const opened = (await openDatabase())!;
  await opened.remove(SOURCE);
  return opened;
}

test('a download that a later one has superseded writes nothing any more', async () => {
  const opened = await store();
  await opened.putChunk(draft(1, 'a', 1), 0, bytes(1));
  await opened.putChunk(draft(2, 'a', 2), 1, bytes(2));
  const late = draft(1, 'a', 2);
  const manifest = { ...late, size: 2, sha256: '', storedAt: 0 };
  const tries = [
    opened.putChunk(late, 1, bytes(9)),
    opened.putChunk(draft(1, 'b', 1), 0, bytes(9)),
    opened.commit(manifest, late),
    opened.discard(late),
  ];
  for (const late of tries) await expect(late).rejects.toMatchObject({ code: 'busy' });
  expect(new Uint8Array((await opened.chunk('a', 1))!)).toEqual(Uint8Array.of(2));
  expect(await opened.manifest(SOURCE)).toBeUndefined();
  expect((await opened.draft(SOURCE))?.begun).toBe(2);
});

test('a download whose draft is gone, finished by another or deleted, does not begin it in the middle', async () => {
  const opened = await store();
  const [first, whole] = [draft(1, 'a', 1), draft(1, 'a', 2)];
  await opened.putChunk(first, 0, bytes(1));
  await opened.discard(first);
  await expect(opened.putChunk(whole, 1, bytes(2))).rejects.toMatchObject({ code: 'busy' });
  const manifest = { ...whole, size: 2, sha256: '', storedAt: 0 };
  await expect(opened.commit(manifest, whole)).rejects.toMatchObject({ code: 'busy' });
  expect(await opened.manifest(SOURCE)).toBeUndefined();
});

test('the later download finishes, and what the other stored of its own is swept', async () => {
  const opened = await store();
  await opened.putChunk(draft(1, 'a', 1), 0, bytes(1));
  const later = draft(2, 'b', 1);
  await opened.putChunk(later, 0, bytes(2));
  await opened.commit({ ...later, size: 1, sha256: '', storedAt: 0 }, later);
  expect((await opened.manifest(SOURCE))?.blob).toBe('b');
  expect(await opened.chunk('a', 0)).toBeUndefined();
});
