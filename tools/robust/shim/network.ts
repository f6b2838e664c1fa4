import { failure } from './core.ts';
import { type Modes, wrapAsync } from './wrap.ts';

const reject = (error: unknown) => () => Promise.reject(error);
const lost = reject(new TypeError('network error'));

const FETCH: Modes = {
  reject: reject(new TypeError('Failed to fetch')),
  status: async () => new Response('busy', { status: 503 }),
  /** A captive portal. */
  html: async () =>
    new Response('<!doctype html><title>Sign in</title>', {
      headers: { 'content-type': 'text/html' },
    }),
};

/** `fetch`, bodies, hashes and the caches of the service worker. */
export function shimNetwork(): void {
  wrapAsync(globalThis, 'fetch', 'fetch', FETCH);
  for (const name of ['arrayBuffer', 'json', 'text', 'blob']) {
    wrapAsync(Response.prototype, name, `body.${name}`, { reject: lost });
  }
  wrapAsync(ReadableStreamDefaultReader.prototype, 'read', 'body.read', {
    reject: lost,
    /** The stream ends before its end. */
    short: async () => ({ done: true, value: undefined }),
  });
  wrapAsync(globalThis.crypto?.subtle, 'digest', 'crypto.digest', {
    reject: reject(failure('OperationError')),
  });
  shimCaches();
}

function shimCaches(): void {
  const denied = { reject: reject(failure('UnknownError')) };
  const full = { ...denied, quota: reject(failure('QuotaExceededError')) };
  for (const name of ['open', 'match', 'delete', 'keys', 'has']) {
    wrapAsync(globalThis.CacheStorage?.prototype, name, `caches.${name}`, denied);
  }
  for (const name of ['match', 'keys', 'delete']) {
    wrapAsync(globalThis.Cache?.prototype, name, `cache.${name}`, denied);
  }
  for (const name of ['put', 'add', 'addAll']) {
    wrapAsync(globalThis.Cache?.prototype, name, `cache.${name}`, full);
  }
}
