import { PocketbitError } from '@pocketbit/core';
import { digest } from '../store/hash.ts';
import { openUrl, PlaceError } from './http.ts';

/** Bytes of a file from some offset on. */
export interface Opened {
  /** Where the stream really starts; 0 when the server ignored the range. */
  offset: number;
  /** Whole file, bytes; null when the server did not say. */
  size: number | null;
  /** Equal for equal bytes at this place; null when the server gives none. */
  validator: string | null;
  stream: ReadableStream<Uint8Array>;
}

/** One place that has the file. */
export interface Place {
  /** For messages; of a server its URL. */
  readonly address: string;
  /** `validator` as the place gave it earlier, `end` exclusive. Errors: `PlaceError`, `aborted`. */
  open(
    offset: number,
    validator: string | null,
    signal: AbortSignal,
    end?: number,
  ): Promise<Opened>;
}

/** Where a model comes from. */
export interface Origin {
  /** Key in the store. */
  readonly source: string;
  readonly name: string;
  /** Those that have the same bytes, the preferred first. */
  readonly places: readonly Place[];
  /** The key in the store where only the content can tell it. */
  keyOf?(size: number, sha256: string): string;
}

/** A model file on servers. `urls` are absolute; the first one is the key. */
export function urlOrigin(...urls: string[]): Origin {
  const addresses = [...new Set(urls.map(withoutHash))];
  const { pathname, hostname, href } = new URL(addresses[0]!);
  return {
    source: href,
    name: decoded(pathname.split('/').at(-1) || hostname),
    places: addresses.map((address) => ({
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

/** A model file the user picked. Its key is made of name, size and a hash of samples spread over the file. */
export async function blobOrigin(blob: Blob, given?: string): Promise<Origin> {
  const name = given ?? (blob as Partial<File>).name ?? 'model.gguf';
  const address = `The file ${name}`;
  return {
    source: `stored:${name}:${blob.size}:${await fingerprint(blob)}`,
    name,
    places: [
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
  };
}

/** A stream of bytes, which can be read once. Its key is made of name, size and hash. */
export function streamOrigin(stream: ReadableStream<Uint8Array>, name: string): Origin {
  let spent = false;
  const open = async (): Promise<Opened> => {
    if (spent)
      throw new PlaceError('network', `The stream of ${name} broke off.`, { lasting: true });
    spent = true;
    return { offset: 0, size: null, validator: null, stream };
  };
  return {
    source: `stored:${name}:stream`,
    name,
    places: [{ address: `The stream of ${name}`, open }],
    keyOf: (size, sha256) => `stored:${name}:${size}:${sha256.slice(0, 16)}`,
  };
}

/** A `stored:` model: nothing to download from. */
export function storedOrigin(source: string): Origin {
  const open = async () => {
    throw new PocketbitError(
      'storage',
      'This model came from a local file and its stored copy is gone or damaged. Pick the file again.',
    );
  };
  return { source, name: source.split(':')[1] ?? source, places: [{ address: source, open }] };
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
