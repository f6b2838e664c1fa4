import { PocketbitError } from '@pocketbit/core';
import type { FileRequest } from '../protocol.ts';
import { digest, isChunk } from '../store/hash.ts';
import type { Draft } from '../store/manifest.ts';
import { release } from '../store/release.ts';
import { type Answer, openUrl, SourceError } from './http.ts';

/** One source of a file: a server, a picked file, a stream. */
export interface Source {
  /** For messages; of a server its URL. */
  readonly address: string;
  /** The file from `offset` on; `validator` as the source gave it earlier, `end` exclusive. Errors: `SourceError`, `aborted`. */
  open(
    offset: number,
    validator: string | null,
    signal: AbortSignal,
    end?: number,
  ): Promise<Answer>;
}

/** A model file and all its sources. */
export interface SourceFile {
  /** Key in the store. */
  readonly key: string;
  readonly name: string;
  /** Sources of the same bytes, the preferred first. */
  readonly sources: readonly Source[];
  /** The key in the store where only the content can tell it. */
  keyOf?(size: number, sha256: string): string;
  /** Whether chunk `index` of a stored file is that of this one, which is at hand. */
  holds?(stored: Draft, index: number): Promise<boolean>;
}

/** The file of a request. */
export async function sourceFile({ source, urls = [], name }: FileRequest): Promise<SourceFile> {
  if (source instanceof ReadableStream) return streamFile(source, name ?? 'model.gguf');
  if (typeof source !== 'string') return blobFile(source, name);
  return source.startsWith('stored:') ? storedFile(source) : urlFile(source, ...urls);
}

/** A model file on servers. `urls` are absolute; the first one is the key. */
export function urlFile(...urls: string[]): SourceFile {
  const addresses = [...new Set(urls.map(withoutHash))];
  const { pathname, hostname, href } = new URL(addresses[0]!);
  return {
    key: href,
    name: decoded(pathname.split('/').at(-1) || hostname),
    sources: addresses.map((address) => ({
      address,
      open: (...asked) => openUrl(address, ...asked),
    })),
  };
}

function withoutHash(url: string): string {
  const parsed = new URL(url);
  parsed.hash = '';
  return parsed.href;
}

/** A part of a path as text; as it stands where it is no UTF-8. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * A model file the user picked. Its key is made of name, size and a hash of samples spread over the file, which files that
 * differ elsewhere share: what is stored under it is compared chunk by chunk.
 */
export async function blobFile(blob: Blob, given?: string): Promise<SourceFile> {
  const name = given ?? (blob as Partial<File>).name ?? 'model.gguf';
  const address = `The file ${name}`;
  const unread = (cause: unknown): never => {
    const text = `${address} can no longer be read (${cause}). Pick it again.`;
    throw new SourceError('network', text, { cause, permanent: true });
  };
  return {
    key: `stored:${name}:${blob.size}:${await fingerprint(blob).catch(unread)}`,
    name,
    sources: [
      {
        address,
        open: async (offset) => ({
          offset,
          size: blob.size,
          validator: address,
          stream: blob.slice(offset).stream(),
        }),
      },
    ],
    holds: async ({ chunkBytes, hashes }, index) => {
      const start = index * chunkBytes;
      const chunk = await blob
        .slice(start, start + chunkBytes)
        .arrayBuffer()
        .catch(unread);
      const same = await isChunk(chunk, hashes[index]);
      release(chunk);
      return same;
    },
  };
}

/** A stream of bytes, which can be read once. Its key is made of name, size and hash. */
export function streamFile(stream: ReadableStream<Uint8Array>, name: string): SourceFile {
  let spent = false;
  const open = async (): Promise<Answer> => {
    if (spent)
      throw new SourceError('network', `The stream of ${name} broke off.`, { permanent: true });
    spent = true;
    return { offset: 0, size: null, validator: null, stream };
  };
  return {
    key: `stored:${name}:stream`,
    name,
    sources: [{ address: `The stream of ${name}`, open }],
    keyOf: (size, sha256) => `stored:${name}:${size}:${sha256.slice(0, 16)}`,
  };
}

/** A `stored:` model: nothing to download from. */
export function storedFile(key: string): SourceFile {
  const open = async () => {
    throw new PocketbitError(
      'storage',
      'This model came from a local file and its stored copy is gone or damaged. Pick the file again.',
    );
  };
  return { key, name: key.split(':')[1] ?? key, sources: [{ address: key, open }] };
}

const SAMPLES = 16;
const SAMPLE_BYTES = 64 * 1024;

async function fingerprint(blob: Blob): Promise<string> {
  const step = Math.max(1, Math.floor(Math.max(0, blob.size - SAMPLE_BYTES) / (SAMPLES - 1)));
  const parts = Array.from({ length: SAMPLES }, (_, i) =>
    blob.slice(i * step, i * step + SAMPLE_BYTES),
  );
  return (await digest(await new Blob(parts).arrayBuffer())).slice(0, 16);
}
