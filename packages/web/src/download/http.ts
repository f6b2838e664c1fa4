import { type ErrorCode, PocketbitError } from '@pocketbit/core';

/** Bytes of a file from some offset on. */
export interface Answer {
  /** Where the stream really starts; 0 when the server ignored the range. */
  offset: number;
  /** Whole file, bytes; null when the server did not say. */
  size: number | null;
  /** Whether `size` may be that of a compressed body: other origins do not show that it is one. */
  unsure?: boolean;
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
  /** It cannot go on with what has arrived, and is to be asked for the whole file. */
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

/** Own addresses that lead elsewhere, or that failed with If-Range. */
const unconditional = new Set<string>();

/** Asks a server for a file from `offset` on, up to `end` (exclusive) where that is given. */
export async function openUrl(
  url: string,
  offset: number,
  validator: string | null,
  signal: AbortSignal,
  end?: number,
): Promise<Answer> {
  const range = offset > 0 || end ? { range: `bytes=${offset}-${end ? end - 1 : ''}` } : {};
  const ask = (more = {}) => request(url, { ...range, ...more }, signal);
  // If-Range makes a cross-origin request one that a server must allow beforehand, which few do, also where an own
  // address redirects there. The answer's own validator is compared in any case.
  const conditional =
    offset > 0 && validator && sameOrigin(url) && !unconditional.has(url) && !isWeak(validator);
  const asked = conditional
    ? ask({ 'if-range': validator }).catch(() => {
        unconditional.add(url);
        return ask();
      })
    : ask();
  return judge(await asked, url, offset);
}

/** What a response is of the file from byte `asked` on, or why it is none of it. The one place that judges responses. */
function judge(response: Response, url: string, asked: number): Answer {
  refuse(response, url);
  if (response.redirected) unconditional.add(url);
  return {
    ...extent(response, url, asked),
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

/** Whether a server answers at all, whatever it says. */
export function isThere(url: string, signal: AbortSignal): Promise<boolean> {
  return fetch(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store', signal }).then(
    () => true,
    () => false,
  );
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

function extent(
  { headers, status, type, body }: Response,
  url: string,
  asked: number,
): Pick<Answer, 'offset' | 'size' | 'unsure'> {
  const [, start, size] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  const plain = (headers.get('content-encoding') ?? 'identity') === 'identity';
  const part = status === 206;
  const offset = part ? Number(start ?? asked) : 0;
  // A part of a compressed body cannot be decoded.
  if (part && (offset !== asked || !plain)) {
    void body?.cancel();
    throw new SourceError(
      'network',
      `${url} answered with ${plain ? '' : 'compressed '}bytes from ${offset}; asked for the file's from ${asked}. Load it again.`,
      { stale: !plain },
    );
  }
  if (part && start) return { offset, size: size === '*' ? null : Number(size) };
  // A compressed body has another length than the file; other origins show Content-Length and not Content-Range.
  const length = plain ? Number(headers.get('content-length')) : 0;
  const unsure = type === 'cors' && plain;
  return { offset, size: length > 0 ? offset + length : null, unsure };
}

/** How long before an answer a file was changed at least, where its date is to vouch for it; milliseconds. */
const SETTLED_MS = 1000;
/** The same where the server's clock is hidden, as from other origins, and this device's stands for it. */
const SETTLED_ELSEWHERE_MS = 60_000;

/**
 * A strong ETag; else the date, with a weak ETag behind it. A date vouches only where it is a second older than the answer
 * (RFC 9110, 8.8.2.2): a file may change twice within one.
 */
function validatorOf(headers: Headers): string | null {
  const [etag, modified, date] = ['etag', 'last-modified', 'date'].map((name) => headers.get(name));
  if (etag && !isWeak(etag)) return etag;
  const latest = date ? Date.parse(date) - SETTLED_MS : Date.now() - SETTLED_ELSEWHERE_MS;
  if (!modified || !(Date.parse(modified) <= latest)) return null;
  return etag ? `${modified} ${etag}` : modified;
}

function isWeak(validator: string): boolean {
  return validator.includes('W/');
}

/** `error`, unless it condemns a file of which something is stored by bytes that nothing proves to be of it. */
export function unproven<E extends PocketbitError>(error: E): E | SourceError {
  if (!(error instanceof SourceError) || error.code !== 'bad-model') return error;
  return new SourceError(
    'network',
    `${error.message} Perhaps the network wants you to sign in. What has arrived is kept.`,
    { cause: error },
  );
}
