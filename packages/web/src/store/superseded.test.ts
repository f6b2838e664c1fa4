import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { type DatabaseStore, openDatabase } from './indexeddb.ts';
import type { Draft } from './manifest.ts';

const SOURCE = 'https://models.test/overtaken.gguf';
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

test('a download that a later one has taken over writes nothing any more', async () => {
  const kept = await store();
  await kept.putChunk(draft(1, 'a', 1), 0, bytes(1));
  await kept.putChunk(draft(2, 'a', 2), 1, bytes(2));
  const late = draft(1, 'a', 2);
  const manifest = { ...late, size: 2, sha256: '', storedAt: 0 };
  const tries = [
    kept.putChunk(late, 1, bytes(9)),
    kept.putChunk(draft(1, 'b', 1), 0, bytes(9)),
    kept.commit(manifest, late),
    kept.discard(late),
  ];
  for (const late of tries) await expect(late).rejects.toMatchObject({ code: 'busy' });
  expect(new Uint8Array((await kept.chunk('a', 1))!)).toEqual(Uint8Array.of(2));
  expect(await kept.manifest(SOURCE)).toBeUndefined();
  expect((await kept.draft(SOURCE))?.begun).toBe(2);
});

test('a download whose draft is gone, finished by another or deleted, does not begin it in the middle', async () => {
  const kept = await store();
  const [first, whole] = [draft(1, 'a', 1), draft(1, 'a', 2)];
  await kept.putChunk(first, 0, bytes(1));
  await kept.discard(first);
  await expect(kept.putChunk(whole, 1, bytes(2))).rejects.toMatchObject({ code: 'busy' });
  const manifest = { ...whole, size: 2, sha256: '', storedAt: 0 };
  await expect(kept.commit(manifest, whole)).rejects.toMatchObject({ code: 'busy' });
  expect(await kept.manifest(SOURCE)).toBeUndefined();
});

test('the one that took over finishes, and what the other kept in its own place is swept', async () => {
  const kept = await store();
  await kept.putChunk(draft(1, 'a', 1), 0, bytes(1));
  const later = draft(2, 'b', 1);
  await kept.putChunk(later, 0, bytes(2));
  await kept.commit({ ...later, size: 1, sha256: '', storedAt: 0 }, later);
  expect((await kept.manifest(SOURCE))?.blob).toBe('b');
  expect(await kept.chunk('a', 0)).toBeUndefined();
});
