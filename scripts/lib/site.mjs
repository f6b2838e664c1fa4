import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import sirv from 'sirv';

/**
 * A request handler over folders by prefix, each beginning and ending with a slash; the longest prefix goes first.
 * @param {{folders: Record<string, string>, csp?: string, prelude?: string, isolated?: boolean}} site `prelude` is put
 *   before every script, the service worker's too, as a browser that lacks something; `isolated` pages have a fine clock
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse,
 *   transforms?: Transform[]) => void} `transforms` change or hold up what is sent, as `?hold=N`, which sends N bytes of a
 *   file and then stalls, and `?rate=N`, which sends N bytes a second, do
 * @typedef {(parts: AsyncIterable<Buffer>) => AsyncIterable<Buffer>} Transform
 */
export function siteHandler({ folders, csp = '', prelude = '', isolated = false }) {
  const mounts = Object.entries(folders)
    .sort(([a], [b]) => b.length - a.length)
    .map(([prefix, folder]) => {
      const setHeaders = (response, path, stats) => {
        headersOf(prefix, path, etagOf(join(folder, path), stats)).forEach(([name, value]) => {
          response.setHeader(name, value);
        });
        if (prelude && isScript(path)) {
          response.setHeader('content-length', stats.size + Buffer.byteLength(prelude));
        }
      };
      return { prefix, serve: sirv(folder, { dev: true, etag: true, setHeaders }) };
    });

  function headersOf(prefix, path, etag) {
    return Object.entries({
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag,
      ...(path.endsWith('.gguf') && { 'content-type': 'application/octet-stream' }),
      // A folder mounted under /peer/ holds a foreign engine that needs blob workers.
      ...(csp && prefix !== '/peer/' && { 'content-security-policy': csp }),
      // Platform fact: clocks go in steps of 1 ms in Firefox and Safari, unless the page is cross-origin isolated.
      ...(isolated && {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      }),
    });
  }

  return (request, response, transforms = []) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const [hold, rate] = ['hold', 'rate'].map((name) => searchParams.get(name));
    const changes = [
      ...(prelude && isScript(pathname) ? [before(prelude)] : []),
      ...(hold === null ? [] : [stalling(Number(hold))]),
      ...(rate === null ? [] : [paced(Number(rate))]),
      ...transforms,
    ];
    const target = changes.length > 0 ? new Door(response, changes) : response;
    const fitting = mounts.filter(({ prefix }) => pathname.startsWith(prefix));
    const next = () => {
      const mount = fitting.shift();
      if (!mount) return response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      const rest = `/${pathname.slice(mount.prefix.length)}`;
      return mount.serve(strongly(request, rest), target, next);
    };
    next();
  };
}

/** Contents up to this size have a validator that follows from them; larger files are known by size and time. */
const HASHED_BYTES = 64 * 2 ** 20;

/** Validators by file, size and time, and sirv's own, which is of size and time, by ours. */
const validators = new Map();
const sirvs = new Map();

/** A strong validator: the same for the same bytes, wherever and whenever they were written. */
function etagOf(file, { size, mtime }) {
  const stamp = `${size}-${mtime.getTime()}`;
  if (size > HASHED_BYTES || !existsSync(file) || statSync(file).isDirectory()) return `"${stamp}"`;
  const key = `${file} ${stamp}`;
  if (!validators.has(key)) {
    validators.set(key, `"${sha256(readFileSync(file)).slice(0, 16)}"`);
    sirvs.set(validators.get(key), `"${stamp}"`);
  }
  return validators.get(key);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const isScript = (path) => /\.m?js$/.test(path);

/** The request as sirv takes it, whose validators are weak ones; a download goes on only by a strong one. */
function strongly({ method, headers }, url) {
  const known = headers['if-none-match'];
  return {
    method,
    url,
    headers: { ...headers, ...(known && { 'if-none-match': `W/${sirvs.get(known) ?? known}` }) },
  };
}

/** A response whose body goes through transforms. */
class Door extends PassThrough {
  #response;

  constructor(response, transforms) {
    super();
    this.#response = response;
    pipeline(this, ...transforms, response).catch(() => response.destroy());
  }

  set statusCode(code) {
    this.#response.statusCode = code;
  }

  getHeader(name) {
    return this.#response.getHeader(name);
  }

  setHeader(name, value) {
    this.#response.setHeader(name, value);
  }

  writeHead(code, headers) {
    this.#response.writeHead(code, headers);
  }
}

function before(text) {
  return async function* (parts) {
    yield Buffer.from(text);
    yield* parts;
  };
}

function stalling(bytes) {
  return async function* (parts) {
    let left = bytes;
    for await (const part of parts) {
      yield part.subarray(0, left);
      left -= Math.min(left, part.length);
      if (left === 0) await new Promise(() => {});
    }
  };
}

/** Sends `rate` bytes a second. */
export function paced(rate) {
  return async function* (parts) {
    const start = performance.now();
    let sent = 0;
    for await (const part of parts) {
      yield part;
      sent += part.length;
      await sleep(start + (sent / rate) * 1000 - performance.now());
    }
  };
}
