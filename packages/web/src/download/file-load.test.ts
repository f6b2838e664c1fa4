import { PocketbitError } from '@pocketbit/core';
import { expect, test } from 'vitest';
import { ChunkSource } from '../store/chunk-source.ts';
import { digest } from '../store/hash.ts';
import type { Draft, Manifest } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { FileLoad, type FileState, type Found } from './file-load.ts';

const KEY = 'https://models.test/a.gguf';
const BYTES = Uint8Array.of(1, 2, 3, 4).buffer;

function draftOf(blob: string): Draft & { size: number } {
  const known = { version: 1, source: KEY, name: 'a.gguf', etag: null } as const;
  return { ...known, size: 4, chunkBytes: 4, hashes: [], blob };
}

const manifestOf = (draft: Draft & { size: number }): Manifest => ({
  ...draft,
  sha256: 'ab',
  storedAt: 0,
});

/** A file whose download the test makes end. */
function loading() {
  let find!: (found: Found) => void;
  let fail!: (error: unknown) => void;
  const finding = new Promise<Found>((resolve, reject) => {
    find = resolve;
    fail = reject;
  });
  const store = new MemoryStore();
  const stop = new AbortController();
  stop.signal.addEventListener('abort', () => fail(new PocketbitError('aborted', 'Stopped.')));
  const file = new FileLoad({
    key: KEY,
    store,
    stop,
    read: (draft, arriving) => new ChunkSource(store, draft, async () => null, arriving),
  });
  return { file, store, stop, finding, find, fail };
}

/** A file of one chunk that is on its way: in `header`. */
async function arriving() {
  const parts = loading();
  const draft = draftOf('first');
  const following = parts.file.follow(parts.finding);
  parts.file.started(draft);
  await following;
  const finish = async (found = manifestOf(draft)) => {
    parts.find({ manifest: found, fromCache: false });
    await parts.file.whole;
  };
  return { ...parts, draft, finish };
}

/** A file in each state, and what it takes to get there. */
const REACHED: Record<FileState, () => Promise<FileLoad>> = {
  header: async () => (await arriving()).file,
  accepted: async () => {
    const { file } = await arriving();
    file.accept();
    return file;
  },
  streaming: async () => {
    const file = await REACHED.accepted();
    file.stream();
    return file;
  },
  complete: async () => {
    const { file, finish } = await arriving();
    await finish();
    return file;
  },
  replaced: async () => {
    const { file } = await arriving();
    file.restarted();
    return file;
  },
  failed: async () => {
    const { file } = await arriving();
    await file.abandon(false);
    return file;
  },
};
const STATES = Object.keys(REACHED) as FileState[];

test.each(STATES)('a file becomes %s', async (state) => {
  expect((await REACHED[state]()).state).toBe(state);
});

/** What each call does in each state: the state after it, or `refused` where it throws. */
const ACCEPT: Record<FileState, FileState | 'refused'> = {
  header: 'accepted',
  accepted: 'refused',
  streaming: 'refused',
  complete: 'complete',
  replaced: 'replaced',
  failed: 'refused',
};
const STREAM: Record<FileState, FileState | 'refused'> = {
  header: 'refused',
  accepted: 'streaming',
  streaming: 'refused',
  complete: 'complete',
  replaced: 'refused',
  failed: 'refused',
};
const RESTARTED: Record<FileState, FileState | 'refused'> = {
  header: 'replaced',
  accepted: 'replaced',
  streaming: 'replaced',
  complete: 'refused',
  replaced: 'replaced',
  failed: 'failed',
};
const CALLS = { accept: ACCEPT, stream: STREAM, restarted: RESTARTED };
const cases = Object.entries(CALLS).flatMap(([call, ends]) =>
  STATES.map((state) => [call as keyof typeof CALLS, state, ends[state]] as const),
);

test.each(cases)('%s of a file that is %s: %s', async (call, state, end) => {
  const file = await REACHED[state]();
  if (end === 'refused') expect(() => file[call]()).toThrow();
  else file[call]();
  expect(file.state).toBe(end === 'refused' ? state : end);
});

test.each(STATES)('a file that is %s can be abandoned, and then has failed', async (state) => {
  const file = await REACHED[state]();
  await file.abandon(false);
  expect(file.state).toBe('failed');
  expect(() => file.stream()).toThrow();
});

test.each(['header', 'accepted', 'streaming', 'replaced'] as const)(
  'a download that fails while the file is %s is its failure, and that of whoever reads',
  async (state) => {
    const { file, fail } = await arriving();
    if (state === 'replaced') file.restarted();
    if (state === 'accepted' || state === 'streaming') file.accept();
    if (state === 'streaming') file.stream();
    expect(file.state).toBe(state);
    const { source } = file;
    const full = new PocketbitError('quota', 'Full.');
    fail(full);
    await expect(file.completed()).rejects.toBe(full);
    expect(file.state).toBe('failed');
    await expect(source.read(0, 4)).rejects.toBe(full);
  },
);

test('a file that failed while its header was judged is refused with its failure', async () => {
  const { file, fail } = await arriving();
  const wrong = new PocketbitError('integrity', 'Another hash.');
  fail(wrong);
  await file.whole.catch(() => {});
  expect(() => file.accept()).toThrow(wrong);
});

test('a download that fails before its size is known opens no file', async () => {
  const { file, finding, fail } = loading();
  const following = file.follow(finding);
  fail(new PocketbitError('offline', 'Offline.'));
  await expect(following).rejects.toMatchObject({ code: 'offline' });
  expect(file.state).toBe('failed');
});

test('a stored file is complete from the beginning', async () => {
  const { file, finding, find } = loading();
  find({ manifest: manifestOf(draftOf('stored')), fromCache: true });
  await file.follow(finding);
  expect(file).toMatchObject({ state: 'complete', fromCache: true, arriving: false });
});

test('a file that was replaced stays so, though the other one arrives, until it is reopened', async () => {
  const { file, store, finish } = await arriving();
  const stale = file.source;
  file.restarted();
  const other = draftOf('second');
  other.hashes.push(await digest(BYTES));
  await store.putChunk(other, 0, BYTES);
  await finish(manifestOf(other));
  expect(file.state).toBe('replaced');
  await expect(file.completed()).rejects.toMatchObject({ code: 'network' });
  await file.reopen();
  expect(file.state).toBe('complete');
  expect((await file.completed()).blob).toBe('second');
  expect(await file.source.read(0, 4)).toEqual(new Uint8Array(BYTES));
  await expect(stale.read(0, 4)).rejects.toMatchObject({ code: 'network' });
});

test('a file that was not replaced is not reopened', async () => {
  const { file, finish } = await arriving();
  await finish();
  await expect(file.reopen()).rejects.toThrow('cannot become');
});

test('a download that starts over before anything of it was known replaces nothing', async () => {
  const { file } = loading();
  file.restarted();
  expect(file.state).toBe('header');
});
