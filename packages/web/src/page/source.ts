import { PocketbitError } from '@pocketbit/core';
import type { FileRequest } from '../protocol.ts';
import { defined } from './defined.ts';

/** One file at several addresses, tried in turn. A checksum lets one go on where another broke off. */
export interface MirroredSource {
  urls: (string | URL)[];
  /** SHA-256 of the whole file, hex. */
  sha256?: string;
  /** SHA-256 of each 4 MiB of the file, hex. */
  chunkSha256?: string[];
}

/** A model file: where it is, or what is in it. */
export type ModelSource = string | URL | Blob | ReadableStream<Uint8Array> | MirroredSource;

/** What the caller may say of a file. */
export interface FileOptions {
  /** Expected SHA-256 of the whole file, hex. */
  sha256?: string;
  /** Expected SHA-256 of each 4 MiB of the file, hex. */
  chunkSha256?: string[];
  store?: boolean | 'prefer';
  /** For a stream, which has no name of its own. */
  name?: string;
}

/** What the worker is told of a source. */
export async function fileOf(source: ModelSource, options: FileOptions): Promise<FileRequest> {
  const { sha256, chunkSha256, name, store = true } = { ...hashesOf(source), ...options };
  return {
    ...(await addressesOf(source)),
    store,
    ...defined({ sha256, chunkSha256, name }),
  };
}

function hashesOf(source: ModelSource): FileOptions {
  return isMirrored(source) ? source : {};
}

async function addressesOf(source: ModelSource): Promise<Pick<FileRequest, 'source' | 'urls'>> {
  if (source instanceof Blob) return { source };
  if (source instanceof ReadableStream) return { source: await sendable(source) };
  if (!isMirrored(source)) return { source: absolute(source) };
  const [first, ...urls] = source.urls.map(absolute);
  if (!first) throw new PocketbitError('network', 'The list of addresses is empty.');
  return { source: first, urls };
}

function isMirrored(source: ModelSource): source is MirroredSource {
  return typeof source === 'object' && 'urls' in source;
}

/** The stream itself where streams can be handed to a worker; else the bytes, which the browser keeps where it likes. */
async function sendable(stream: ReadableStream<Uint8Array>) {
  return canTransferStreams() ? stream : new Response(stream).blob();
}

// Platform fact: Safari cannot transfer a ReadableStream.
function canTransferStreams(): boolean {
  const stream = new ReadableStream();
  const { port1 } = new MessageChannel();
  try {
    port1.postMessage(null, [stream]);
    return true;
  } catch {
    return false;
  } finally {
    port1.close();
  }
}

/** What has to be handed over with a request. */
export function transfers({ source }: FileRequest): Transferable[] {
  return source instanceof ReadableStream ? [source] : [];
}

export function absolute(address: string | URL): string {
  const text = String(address);
  if (text.startsWith('stored:')) return text;
  try {
    return new URL(text, document.baseURI).href;
  } catch (error) {
    throw new PocketbitError('network', `"${text}" is not an address.`, { cause: error });
  }
}
