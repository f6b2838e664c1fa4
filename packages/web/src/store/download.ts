import { PocketbitError } from '@pocketbit/core';
import type { LoadProgress } from '../protocol.ts';
import { digest, RunningHash } from './hash.ts';
import { CHUNK_BYTES, type Draft, type Manifest, type ModelStore } from './manifest.ts';
import { Meter } from './meter.ts';
import { networkError, type OpenedOrigin, type Origin } from './origin.ts';
import { rechunk } from './rechunk.ts';

export interface DownloadOptions {
  signal: AbortSignal;
  /** Expected SHA-256 of the whole file, hex. */
  sha256?: string | undefined;
  report(progress: LoadProgress): void;
}

/** A download in progress: the draft as kept, with the hash and the byte count that go with it. */
interface Progress {
  draft: Draft;
  hash: RunningHash;
  loaded: number;
}

/**
 * Brings a file into the store: chunk, hash, keep, drop. Goes on from the kept chunks of a broken download when the
 * server can. Errors: `network`, `offline`, `aborted`, `quota`, `integrity`, `bad-model`, `storage`.
 */
export async function download(
  origin: Origin,
  store: ModelStore,
  options: DownloadOptions,
): Promise<Manifest> {
  let progress = await resume(origin, store);
  if (progress.loaded !== progress.draft.size) {
    const opened = await origin.open(progress.loaded, progress.draft.etag, options.signal);
    progress = await align(progress, opened, origin, store);
    await checkRoom(progress, store);
    await receive(progress, opened, store, options);
  }
  return finish(progress, store, options);
}

/** Fetches chunk `index` of a stored model again; null when the origin cannot give it. */
export async function fetchChunk(
  origin: Origin,
  manifest: Manifest,
  index: number,
  signal: AbortSignal,
): Promise<ArrayBuffer | null> {
  const start = index * manifest.chunkBytes;
  const opened = await origin.open(start, null, signal);
  let position = opened.offset;
  if (position > start || (start - position) % manifest.chunkBytes !== 0) return null;
  for await (const chunk of rechunk(opened.stream, manifest.chunkBytes)) {
    if (position === start) return chunk;
    position += chunk.byteLength;
  }
  return null;
}

function fresh(origin: Origin): Progress {
  const draft: Draft = {
    version: 1,
    source: origin.source,
    name: origin.name,
    size: null,
    chunkBytes: CHUNK_BYTES,
    hashes: [],
    blob: blobKey(),
    etag: null,
  };
  return { draft, hash: new RunningHash(), loaded: 0 };
}

/** Takes up the draft of an earlier try, as far as its chunks are still there and intact. */
async function resume(origin: Origin, store: ModelStore): Promise<Progress> {
  const draft = await store.draft(origin.source);
  if (!draft) return fresh(origin);
  const progress: Progress = {
    draft: { ...draft, hashes: [] },
    hash: new RunningHash(),
    loaded: 0,
  };
  for (const [index, expected] of draft.hashes.entries()) {
    const bytes = await store.chunk(draft.blob, index);
    if (!bytes || (await digest(bytes)) !== expected) break;
    const whole = progress.loaded + bytes.byteLength === draft.size;
    if (bytes.byteLength < draft.chunkBytes && !whole) break;
    progress.draft.hashes.push(expected);
    progress.hash.update(bytes);
    progress.loaded += bytes.byteLength;
  }
  return progress;
}

/** Starts over when the server did not continue where the draft ends, or offers another file. */
async function align(
  progress: Progress,
  opened: OpenedOrigin,
  origin: Origin,
  store: ModelStore,
): Promise<Progress> {
  const { draft, loaded } = progress;
  const same = draft.size === null || opened.size === null || draft.size === opened.size;
  let next = progress;
  if (opened.offset !== loaded || !same) {
    await store.discard(draft);
    next = fresh(origin);
  }
  if (opened.offset !== next.loaded) {
    await opened.stream.cancel();
    throw new PocketbitError(
      'network',
      `${origin.source} changed while it was being downloaded. Load it again.`,
    );
  }
  next.draft.size = opened.size ?? next.draft.size;
  next.draft.etag = opened.etag;
  return next;
}

async function checkRoom({ draft, loaded }: Progress, store: ModelStore): Promise<void> {
  if (store.kind === 'memory' || draft.size === null) return;
  const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
  if (estimate?.quota === undefined) return;
  const free = estimate.quota - (estimate.usage ?? 0);
  const needed = draft.size - loaded;
  if (needed <= free) return;
  throw new PocketbitError(
    'quota',
    `The model needs ${megabytes(needed)} more and the browser offers ${megabytes(free)}. Free some disk space, delete a stored model, or load with \`store: false\` to run from memory.`,
  );
}

async function receive(
  progress: Progress,
  opened: OpenedOrigin,
  store: ModelStore,
  options: DownloadOptions,
): Promise<void> {
  const meter = new Meter('download', false, options.report);
  const counted = opened.stream.pipeThrough(counter(progress, meter));
  const { draft } = progress;
  try {
    for await (const chunk of rechunk(counted, draft.chunkBytes)) {
      if (draft.hashes.length === 0) checkMagic(chunk, draft);
      const hash = await digest(chunk);
      progress.hash.update(chunk);
      draft.hashes.push(hash);
      progress.loaded += chunk.byteLength;
      await store.putChunk(draft, draft.hashes.length - 1, chunk);
    }
  } catch (error) {
    throw networkError(draft.source, error);
  }
}

/** Passes bytes through and reports them as they arrive, ahead of the chunk they belong to. */
function counter(progress: Progress, meter: Meter): TransformStream<Uint8Array, Uint8Array> {
  let received = progress.loaded;
  return new TransformStream({
    transform(part, controller) {
      received += part.length;
      meter.update(received, progress.draft.size);
      controller.enqueue(part);
    },
  });
}

function checkMagic(chunk: ArrayBuffer, draft: Draft): void {
  const head = new Uint8Array(chunk, 0, Math.min(4, chunk.byteLength));
  const found = String.fromCharCode(...head);
  if (found === 'GGUF') return;
  throw new PocketbitError(
    'bad-model',
    `${draft.name} is not a GGUF model: it starts with ${JSON.stringify(found)}, expected "GGUF". Choose a .gguf file.`,
  );
}

async function finish(
  { draft, hash, loaded }: Progress,
  store: ModelStore,
  options: DownloadOptions,
): Promise<Manifest> {
  if (draft.size !== null && loaded !== draft.size) {
    throw new PocketbitError(
      'network',
      `${draft.source} broke off at ${loaded} of ${draft.size} bytes. Load again: what has arrived is kept.`,
    );
  }
  const sha256 = hash.finish();
  if (options.sha256 && options.sha256.toLowerCase() !== sha256) {
    await store.discard(draft);
    throw new PocketbitError(
      'integrity',
      `${draft.name} has SHA-256 ${sha256}, expected ${options.sha256}. The file was changed or replaced; load it again or correct the checksum.`,
    );
  }
  const manifest: Manifest = { ...draft, size: loaded, sha256, storedAt: Date.now() };
  await store.commit(manifest);
  return manifest;
}

function blobKey(): string {
  const words = crypto.getRandomValues(new Uint32Array(3));
  return Array.from(words, (word) => word.toString(36)).join('-');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
