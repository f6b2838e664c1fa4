// A static server of its own process, so that a test can really kill it.
// usage: node server.mjs PORT CSP PRELUDE [--isolated] [/prefix/=folder …]; prints the port it got. A PRELUDE is put before every script
// it serves, the service worker's too, as a browser that lacks something. `?hold=N` sends N bytes of a file and then stalls,
// `?rate=N` sends N bytes a second.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

const [port = '0', csp = '', prelude = '', ...rest] = process.argv.slice(2);
// Platform fact: clocks go in steps of 1 ms in Firefox and Safari, unless the page is cross-origin isolated.
const isolated = rest.includes('--isolated');
const mounts = rest.filter((mount) => mount.includes('='));
const folders = mounts.map((mount) => mount.split('=')).sort(([a], [b]) => b.length - a.length);

/** The file behind a path of a URL, or null. */
function fileOf(path) {
  const safe = normalize(decodeURIComponent(path)).replaceAll('\\', '/');
  for (const [prefix, folder] of folders) {
    if (!safe.startsWith(prefix)) continue;
    const file = join(folder, safe.slice(prefix.length) || 'index.html');
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile()) return file;
    if (found?.isDirectory()) return join(file, 'index.html');
  }
  return null;
}

function bodyOf(file) {
  const body = readFileSync(file);
  return prelude && /\.m?js$/.test(file)
    ? Buffer.concat([Buffer.from(`${prelude};\n`), body])
    : body;
}

function headersOf(path, file, body) {
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    'accept-ranges': 'bytes',
    etag: `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`,
  };
  // A folder mounted under /peer/ holds a foreign engine that needs blob workers.
  if (!path.startsWith('/peer/')) headers['content-security-policy'] = csp;
  if (isolated) {
    headers['cross-origin-opener-policy'] = 'same-origin';
    headers['cross-origin-embedder-policy'] = 'require-corp';
  }
  return headers;
}

/** [start, end) of a Range header, the whole body without one. */
function rangeOf(header, size) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined) return null;
  return [Number(from), Math.min(size, to ? Number(to) + 1 : size)];
}

/** Files from this size on, bytes, are streamed and not held in memory. */
const STREAMED = 96 * 1024 * 1024;

function stream(request, response, path, file, { size, mtimeMs }) {
  const range = rangeOf(request.headers.range, size);
  const [start, end] = range ?? [0, size];
  const headers = {
    ...headersOf(path, file, `${size} ${mtimeMs}`),
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    'content-length': end - start,
  };
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD' || start >= end) return response.end();
  return createReadStream(file, { start, end: end - 1 }).pipe(response);
}

const DRIP_MS = 20;

/** Sends `body` at `rate` bytes a second. */
function drip(response, body, rate) {
  const part = Math.ceil((rate * DRIP_MS) / 1000);
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + part));
    sent += part;
    if (sent < body.length) return;
    clearInterval(timer);
    response.end();
  }, DRIP_MS);
  response.on('close', () => clearInterval(timer));
}

function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const file = fileOf(pathname);
  if (!file) return response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  const stats = statSync(file);
  if (stats.size >= STREAMED) return stream(request, response, pathname, file, stats);
  const body = bodyOf(file);
  const headers = headersOf(pathname, file, body);
  if (request.headers['if-none-match'] === headers.etag)
    return response.writeHead(304, headers).end();
  const range = rangeOf(request.headers.range, body.length);
  const [start, end] = range ?? [0, body.length];
  if (start >= end && range)
    return response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${body.length}`;
  response.writeHead(range ? 206 : 200, { ...headers, 'content-length': end - start });
  if (request.method === 'HEAD') return response.end();
  const [held, rate] = [searchParams.get('hold'), searchParams.get('rate')];
  if (rate !== null) return drip(response, body.subarray(start, end), Number(rate));
  return held === null
    ? response.end(body.subarray(start, end))
    : response.write(body.subarray(start, start + Number(held)));
}

const server = createServer((request, response) => {
  try {
    answer(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
// The parent closes this pipe when it ends, however it ends.
process.stdin.on('end', () => process.exit()).resume();
