import { PocketbitError } from '@pocketbit/core';
import { digest } from './hash.ts';

/** Bytes of a file from some offset on. */
export interface OpenedOrigin {
  /** Where the stream really starts; 0 when the server ignored the range. */
  offset: number;
  /** Whole file, bytes; null when the server did not say. */
  size: number | null;
  etag: string | null;
  stream: ReadableStream<Uint8Array>;
}

/** Where a model comes from. */
export interface Origin {
  /** Key in the store. */
  readonly source: string;
  readonly name: string;
  open(offset: number, etag: string | null, signal: AbortSignal): Promise<OpenedOrigin>;
}

/** A model file on a server. `url` is absolute. */
export function urlOrigin(url: string): Origin {
  const parsed = new URL(url);
  parsed.hash = '';
  return {
    source: parsed.href,
    name: decodeURIComponent(parsed.pathname.split('/').at(-1) || parsed.hostname),
    open: (offset, etag, signal) => openUrl(parsed.href, offset, etag, signal),
  };
}

/** A model file the user picked. Its key is made of name, size and a hash of samples spread over the file. */
export async function blobOrigin(blob: Blob): Promise<Origin> {
  const name = 'name' in blob && typeof blob.name === 'string' ? blob.name : 'model.gguf';
  return {
    source: `stored:${name}:${blob.size}:${await fingerprint(blob)}`,
    name,
    open: async (offset) => ({
      offset,
      size: blob.size,
      etag: null,
      stream: blob.slice(offset).stream(),
    }),
  };
}

/** A `stored:` model: nothing to download from. */
export function storedOrigin(source: string): Origin {
  return {
    source,
    name: source.split(':')[1] ?? source,
    open: async () => {
      throw new PocketbitError(
        'storage',
        'This model came from a local file and its stored copy is gone or damaged. Pick the file again.',
      );
    },
  };
}

async function openUrl(
  url: string,
  offset: number,
  etag: string | null,
  signal: AbortSignal,
): Promise<OpenedOrigin> {
  const headers: Record<string, string> = {};
  if (offset > 0) headers.range = `bytes=${offset}-`;
  if (offset > 0 && etag) headers['if-range'] = etag;
  const response = await request(url, headers, signal);
  refuse(response, url);
  return {
    ...extent(response, offset),
    etag: strongTag(response.headers.get('etag')),
    stream: response.body!,
  };
}

async function request(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, { headers, signal, credentials: 'same-origin' });
  } catch (error) {
    throw networkError(url, error);
  }
}

/** The error for a fetch or a body that failed. */
export function networkError(url: string, error: unknown): PocketbitError {
  if (error instanceof PocketbitError) return error;
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new PocketbitError('aborted', 'Loading was stopped.', { cause: error });
  }
  if (globalThis.navigator?.onLine === false) {
    return new PocketbitError(
      'offline',
      `The device is offline and ${url} is not stored here. Connect once to download it; what has arrived is kept.`,
      { cause: error },
    );
  }
  return new PocketbitError(
    'network',
    `${url} could not be read (${error instanceof Error ? error.message : error}). Check the address and the connection, then load again; what has arrived is kept.`,
    { cause: error },
  );
}

function refuse(response: Response, url: string): void {
  if (!response.ok || !response.body) {
    throw new PocketbitError(
      'network',
      `${url} answered ${response.status} ${response.statusText}; expected a model file. Check the address.`,
    );
  }
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new PocketbitError(
      'bad-model',
      `${url} answered with a web page; expected a GGUF file. Check the address.`,
    );
  }
}

function extent(response: Response, asked: number): { offset: number; size: number | null } {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && range) return { offset: Number(range[1]), size: Number(range[2]) };
  if (response.status === 206) return { offset: asked, size: null };
  // A compressed body has another length than the file.
  const plain = (response.headers.get('content-encoding') ?? 'identity') === 'identity';
  const length = Number(response.headers.get('content-length'));
  return { offset: 0, size: plain && length > 0 ? length : null };
}

function strongTag(etag: string | null): string | null {
  return etag && !etag.startsWith('W/') ? etag : null;
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
