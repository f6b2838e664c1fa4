import {
  type ByteSource,
  type GgufHeader,
  PocketbitError,
  readGguf,
  readGgufShards,
  shardNames,
} from '@pocketbit/core';
import type { FileRequest } from '../protocol.ts';
import type { Manifest } from '../store/manifest.ts';
import type { FileLoad } from './file-load.ts';
import { unproven } from './http.ts';
import { type LoadJob, openFile } from './open-file.ts';

/** The files of a model, with their header read; a single file may still be on its way. */
export interface ModelFiles {
  readonly files: readonly FileLoad[];
  readonly header: GgufHeader;
  /** The bytes of all files, as the header's offsets count them. */
  readonly source: ByteSource;
}

/**
 * The file, or every shard of the model that the address of one of them names. A single file is there as soon as its
 * header is and `accept` has not thrown; its weights are read while they arrive. Without `accept` they do not.
 */
export async function openModelFiles(
  request: FileRequest,
  job: LoadJob,
  accept?: (header: GgufHeader) => Promise<void>,
): Promise<ModelFiles> {
  const requests = shardsOf(request);
  const files: FileLoad[] = [];
  try {
    for (const shard of requests) {
      const file = await openFile(shard, job);
      files.push(file);
      if (requests.length > 1) await file.whole;
    }
    const found = await readHeader(files).catch(async (error: unknown) => {
      await outgrown(files, error);
      return reopened(files, error);
    });
    await accept?.(found.header);
    if (accept) for (const file of files) file.accept();
    return found;
  } catch (error) {
    // Of a model in several files some are stored.
    return abandonAll(files, requests.length > 1 ? unproven(PocketbitError.from(error)) : error);
  }
}

/**
 * Where a header goes beyond a size that is not sure, and is sound in all else, waits for the whole file, which is then
 * `replaced` by the longer one that it is. Throws `cause` in any other case.
 */
async function outgrown(files: readonly FileLoad[], cause: unknown): Promise<void> {
  const [file] = files as [FileLoad];
  if (!file.unsure || !file.arriving) return;
  const { source } = file;
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    bytes.set(await source.read(offset, Math.max(0, Math.min(length, source.size - offset))));
    return bytes;
  };
  await readGguf({ size: Number.MAX_SAFE_INTEGER, read }).catch(() => {
    throw cause;
  });
  file.accept();
  await file.whole;
}

/** Ends what is on its way and throws `cause`. A file that is no model is deleted; the next load may find a better one. */
export async function abandonAll(files: readonly FileLoad[], cause: unknown): Promise<never> {
  const error = PocketbitError.from(cause);
  for (const file of files) await file.abandon(error.code === 'bad-model');
  throw error;
}

/** The weights are about to be read, in the order of the files; begins with the first of them. */
export function streamFiles(files: readonly FileLoad[]): void {
  for (const file of files) file.stream();
  files[0]!.source.readAhead();
}

/**
 * Waits for the rest and notes that the model is used. Rejects where what was read of it is no part of the file that
 * arrived in the end.
 */
export async function completed(files: readonly FileLoad[]): Promise<Manifest[]> {
  const manifests = await Promise.all(files.map((file) => file.completed()));
  for (const [i, { store }] of files.entries()) {
    await store.touch(manifests[i]!.source).catch(() => {});
  }
  return manifests;
}

/**
 * After a failure because another file arrived than the one that was begun: that one, once it is whole. Throws what is
 * another failure.
 */
export async function reopened(files: readonly FileLoad[], failure: unknown): Promise<ModelFiles> {
  const replaced = files.filter(({ state }) => state === 'replaced');
  if (replaced.length === 0) throw failure;
  for (const file of replaced) await file.reopen();
  return readHeader(files);
}

async function readHeader(files: readonly FileLoad[]): Promise<ModelFiles> {
  const sources = files.map(({ source }) => source);
  if (sources.length > 1) return { files, ...(await readGgufShards(sources)) };
  return { files, header: await readGguf(sources[0]!), source: sources[0]! };
}

function shardsOf(request: FileRequest): FileRequest[] {
  const { source, urls = [], sha256, chunkSha256 } = request;
  const names = typeof source === 'string' ? shardNames(source) : undefined;
  if (!names || names.length === 1) return [request];
  if (sha256 || chunkSha256) {
    throw new PocketbitError(
      'unsupported',
      `The model is split over ${names.length} files and the checksums are of one. Load it without them, or merge the files.`,
    );
  }
  const others = urls.map((url) => shardNames(url) ?? []);
  return names.map((name, i) => ({
    ...request,
    source: name,
    urls: others.flatMap((shards) => shards[i] ?? []),
  }));
}
