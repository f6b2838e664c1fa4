import { type ErrorCode, PocketbitError } from '@pocketbit/core';

/** Bytes of a file from some offset on. */
export interface Answer {
  /** Where the stream really starts; 0 when the server ignored the range. */
  offset: number;
  /** Whole file, bytes; null when the server did not say. */
  size: number | null;
  /** Equal for equal bytes of this source; null when the server gives none. */
  validator: string | null;
  stream: ReadableStream<Uint8Array>;
}

/** How a source failed. */
interface Failure {
  cause?: unknown;
  /** It need not be asked again. */
  permanent?: boolean;
  /** It asks not to be asked again before this. */
  retryAfterMs?: number;
  /** It is there and has too much to do. */
  busy?: boolean;
  /** What was stored of the file is no part of what the source has now. */
  stale?: boolean;
}

/** A failure of one source of a file; another source, or another try, may succeed. */
export class SourceError extends PocketbitError {
  readonly permanent: boolean;
  readonly retryAfterMs: number;
  readonly busy: boolean;
  readonly stale: boolean;

  constructor(code: ErrorCode, message: string, failure: Failure = {}) {
    super(code, message, failure);
    this.permanent = failure.permanent ?? false;
    this.retryAfterMs = failure.retryAfterMs ?? 0;
    this.busy = failure.busy ?? false;
    this.stale = failure.stale ?? false;
  }
}

/** Asks a server for a file from `offset` on, up to `end` (exclusive) where that is given. */
export async function openUrl(
  url: string,
  offset: number,
  validator: string | null,
  signal: AbortSignal,
  end?: number,
): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (offset > 0 || end) headers.range = `bytes=${offset}-${end ? end - 1 : ''}`;
  // If-Range makes a cross-origin request one that a server must allow beforehand, which few do; there the answer's
  // own validator is compared instead.
  if (offset > 0 && validator && sameOrigin(url)) headers['if-range'] = validator;
  return judge(await request(url, headers, signal), url, offset);
}

/** What a response is of the file from byte `asked` on, or why it is none of it. The one place that judges responses. */
function judge(response: Response, url: string, asked: number): Answer {
  refuse(response, url);
  return {
    ...extent(response, asked),
    validator: validatorOf(response.headers),
    stream: response.body!,
  };
}

function sameOrigin(url: string): boolean {
  return globalThis.location?.origin === new URL(url).origin;
}

async function request(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    // What goes into the store does not go into the browser's cache as well.
    return await fetch(url, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
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
  if (offline()) {
    return new SourceError(
      'offline',
      `The device is offline and ${url} is not stored here. Connect once to download it; what has arrived is kept.`,
      { cause: error },
    );
  }
  return new SourceError(
    'network',
    `${url} could not be read (${error instanceof Error ? error.message : error}). Check the address and the connection, then load again; what has arrived is kept.`,
    { cause: error },
  );
}

export function offline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Statuses that another try may change. */
const TRANSIENT = [408, 416, 425, 429];

function refuse(response: Response, url: string): void {
  const { status, statusText, headers } = response;
  if (!response.ok || !response.body) {
    void response.body?.cancel();
    throw new SourceError(
      'network',
      `${url} answered ${status} ${statusText}; expected a model file. Check the address.`,
      {
        permanent: status < 500 && !TRANSIENT.includes(status),
        retryAfterMs: Number(headers.get('retry-after')) * 1000 || 0,
        busy: status >= 500 || TRANSIENT.includes(status),
        stale: status === 416,
      },
    );
  }
  if (!headers.get('content-type')?.startsWith('text/html')) return;
  void response.body.cancel();
  throw new SourceError(
    'bad-model',
    `${url} answered with a web page; expected a GGUF file. Check the address.`,
    { permanent: true },
  );
}

function extent(response: Response, asked: number): { offset: number; size: number | null } {
  const { headers, status } = response;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status === 206 && range) {
    return { offset: Number(range[1]), size: range[2] === '*' ? null : Number(range[2]) };
  }
  // A compressed body has another length than the file; other origins show Content-Length and not Content-Range.
  const plain = (headers.get('content-encoding') ?? 'identity') === 'identity';
  const length = plain ? Number(headers.get('content-length')) : 0;
  const offset = status === 206 ? asked : 0;
  return { offset, size: length > 0 ? offset + length : null };
}

/** A strong ETag; else the date, which other origins show too. */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag && !etag.startsWith('W/') ? etag : headers.get('last-modified');
}
