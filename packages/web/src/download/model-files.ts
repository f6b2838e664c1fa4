import {
  type ByteSource,
  type GgufHeader,
  PocketbitError,
  readGguf,
  readGgufShards,
  shardNames,
} from '@pocketbit/core';
import type { OpenRequest } from '../protocol.ts';
import type { Manifest } from '../store/manifest.ts';
import { type ModelFile, type ObtainJob, obtain } from './open-file.ts';

/** The files of a model, with their header read; a single file may still be on its way. */
export interface ModelFiles {
  readonly files: readonly ModelFile[];
  readonly header: GgufHeader;
  readonly source: ByteSource;
}

/**
 * The file, or every shard of the model that the address of one of them names. A single file is there as soon as its
 * header is and `accept` has not thrown; its weights are read while they arrive. Without `accept` they do not.
 */
export async function openFiles(
  request: OpenRequest,
  job: ObtainJob,
  accept?: (header: GgufHeader) => Promise<void>,
): Promise<ModelFiles> {
  const requests = shardsOf(request);
  const files: ModelFile[] = [];
  try {
    for (const shard of requests) {
      const file = await obtain(shard, job);
      files.push(file);
      if (requests.length > 1) await file.whole;
    }
    const found = await readHeader(files).catch((error: unknown) => reopened(files, error));
    await accept?.(found.header);
    if (accept) for (const { arrivals } of files) arrivals?.go();
    return found;
  } catch (error) {
    return abandonAll(files, error);
  }
}

/** Ends what is on its way. A file that is no model is not worth its place; the next load may find a better one. */
export async function abandonAll(files: readonly ModelFile[], cause: unknown): Promise<never> {
  const error = PocketbitError.from(cause);
  for (const file of files) await file.abandon(error.code === 'bad-model');
  throw error;
}

/** Waits for the rest. Throws where what was read of it is no part of the file that arrived in the end. */
export async function completed({ files }: ModelFiles): Promise<Manifest[]> {
  const manifests = await Promise.all(files.map(({ whole }) => whole));
  for (const { arrivals } of files) arrivals?.check();
  return manifests;
}

/**
 * After a failure because another file arrived than the one that was begun: that one, once it is whole. Throws what is
 * another failure.
 */
export async function reopened(files: readonly ModelFile[], failure: unknown): Promise<ModelFiles> {
  if (!files.some(({ arrivals }) => arrivals?.stale)) throw failure;
  for (const file of files) {
    file.source = file.stored(await file.whole);
    file.arrivals = null;
  }
  return readHeader(files);
}

async function readHeader(files: readonly ModelFile[]): Promise<ModelFiles> {
  const sources = files.map(({ source }) => source);
  if (sources.length > 1) return { files, ...(await readGgufShards(sources)) };
  return { files, header: await readGguf(sources[0]!), source: sources[0]! };
}

function shardsOf(request: OpenRequest): OpenRequest[] {
  const { source, urls = [], sha256, chunkSha256 } = request;
  const names = typeof source === 'string' ? shardNames(source) : undefined;
  if (!names || names.length === 1) return [request];
  if (sha256 || chunkSha256) {
    throw new PocketbitError(
      'unsupported',
      `The model is split over ${names.length} files and the checksums are of one. Load it without them, or merge the files.`,
    );
  }
  const mirrors = urls.map((url) => shardNames(url) ?? []);
  return names.map((name, i) => ({
    ...request,
    source: name,
    urls: mirrors.flatMap((shards) => shards[i] ?? []),
  }));
}
