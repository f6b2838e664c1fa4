// The store under a fault schedule, in Node with a fake IndexedDB: right bytes or a coded error, and nothing that blocks
// a later try.
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { ERROR_CODES, PocketbitError } from '@pocketbit/core';
import { download } from '../../packages/web/src/download/download.ts';
import { urlFile } from '../../packages/web/src/download/sources.ts';
import { openDatabase } from '../../packages/web/src/store/indexeddb.ts';
import type { Manifest, ModelStore } from '../../packages/web/src/store/manifest.ts';
import { type Schedule, scheduleOf } from './fault-schedules.ts';
import type { FaultRun, FaultServer } from './fault-server.ts';

export const FAULT_CHUNK_BYTES = 128 * 1024;

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Two versions of a file of `size` bytes that begins as a model does; nothing but their bytes tells them apart. */
export function versionsOf(size: number): [Uint8Array, Uint8Array] {
  const versions = [1, 2].map((version) => {
    const bytes = new Uint8Array(size);
    for (let i = 0, state = version; i < bytes.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[i] = state >>> 24;
    }
    bytes.set(new TextEncoder().encode('GGUF'));
    return bytes;
  });
  return versions as [Uint8Array, Uint8Array];
}

export function chunkHashes(file: Uint8Array, chunkBytes: number): string[] {
  const starts = Array.from(
    { length: Math.ceil(file.length / chunkBytes) },
    (_, i) => i * chunkBytes,
  );
  return starts.map((start) => sha256(file.subarray(start, start + chunkBytes)));
}

export interface FaultOutcome {
  readonly seed: number;
  /** `bytes`, or the code of the error. */
  readonly end: string;
  /** What is wrong with that, in words. */
  readonly wrong: string[];
  readonly refetched: number;
  readonly schedule: Schedule;
}

const FILES = versionsOf(9.4 * FAULT_CHUNK_BYTES);
const RIGHT = FILES.map(sha256);

/** Runs the download of one seed, then once more from an honest server. */
export async function runFaults(server: FaultServer, seed: number): Promise<FaultOutcome> {
  const schedule = scheduleOf(seed);
  const run = server.serve(schedule, FILES);
  const store = (await openDatabase())!;
  const wrong: string[] = [];
  const outcome = await attempts(run, store, schedule);
  const manifest = typeof outcome === 'string' ? null : outcome;
  if (manifest) wrong.push(...(await faultsOf(manifest, store, schedule)));
  else wrong.push(...(await blameOf(String(outcome), run, store, schedule)));
  const { refetched } = run;
  if (!manifest) wrong.push(...(await healed(run, store, schedule)));
  await store.remove(run.urls[0]!);
  return { seed, end: manifest ? 'bytes' : String(outcome), wrong, refetched, schedule };
}

/** The download, left and taken up again as the schedule says. The manifest or the code of the error. */
async function attempts(
  run: FaultRun,
  store: ModelStore,
  schedule: Schedule,
): Promise<Manifest | string> {
  for (const share of schedule.leaves) {
    const left = await attempt(run, store, schedule, share * FILES[0].length);
    if (left !== 'aborted') return left;
  }
  return attempt(run, store, schedule, Number.POSITIVE_INFINITY);
}

async function attempt(
  run: FaultRun,
  store: ModelStore,
  { knows, mustArrive, seed }: Schedule,
  leaveAt: number,
): Promise<Manifest | string> {
  const controller = new AbortController();
  const knowsWhole = knows === 'sha256' || knows === 'both';
  const knowsChunks = knows === 'chunks' || knows === 'both';
  // Half of the runs are of the server's own origin, where If-Range is sent.
  const own = seed % 2 === 0 ? { origin: new URL(run.urls[0]!).origin } : undefined;
  Object.assign(globalThis, { location: own });
  try {
    return await download(urlFile(...run.urls), store, {
      signal: controller.signal,
      report: ({ loadedBytes }) => loadedBytes >= leaveAt && controller.abort(),
      chunkBytes: FAULT_CHUNK_BYTES,
      retry: { stallMs: mustArrive ? 1500 : 300, backoffMs: 2, rounds: 6 },
      ...(knowsWhole && { sha256: RIGHT[0] }),
      ...(knowsChunks && { chunkSha256: chunkHashes(FILES[0], FAULT_CHUNK_BYTES) }),
    });
  } catch (error) {
    return error instanceof PocketbitError ? error.code : `no coded error: ${error}`;
  }
}

/** What is wrong with a file that arrived. */
async function faultsOf(
  { blob, hashes, sha256: said, size }: Manifest,
  store: ModelStore,
  { knows }: Schedule,
): Promise<string[]> {
  const chunks = await Promise.all(hashes.map((_, index) => store.chunk(blob, index)));
  const bytes = Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk ?? new ArrayBuffer(0))));
  const hash = sha256(bytes);
  const allowed = knows === 'nothing' ? RIGHT : RIGHT.slice(0, 1);
  return [
    ...(allowed.includes(hash) ? [] : [`wrong bytes: ${bytes.length} of ${FILES[0].length}`]),
    ...(hash === said ? [] : ['the manifest has another hash than the bytes']),
    ...(bytes.length === size ? [] : ['the manifest has another size than the bytes']),
  ];
}

/** What is wrong with a download that failed. */
async function blameOf(
  code: string,
  { urls }: FaultRun,
  store: ModelStore,
  { mustArrive }: Schedule,
): Promise<string[]> {
  const manifest = await store.manifest(urls[0]!);
  return [
    ...((ERROR_CODES as readonly string[]).includes(code) ? [] : [code]),
    ...(manifest ? ['a model is stored although its download failed'] : []),
    ...(mustArrive ? [`the file should have arrived (${code})`] : []),
  ];
}

/** After a failure an honest server must be enough. */
async function healed(run: FaultRun, store: ModelStore, schedule: Schedule): Promise<string[]> {
  run.heal();
  const again = await attempt(
    run,
    store,
    { ...schedule, mustArrive: true },
    Number.POSITIVE_INFINITY,
  );
  if (typeof again === 'string') return [`a later try failed too: ${again}`];
  return (await faultsOf(again, store, { ...schedule, knows: 'both' })).map(
    (what) => `later: ${what}`,
  );
}
