// Two origins that answer as servers do which the code relies on, or must not rely on.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './paths.ts';

const FILE = Buffer.alloc(64 * 1024, 'pocketbit ');
const PROBES = join(root, 'tests/support/assumption-probes.js');

const WORKER = 'onmessage = async ({ data }) => postMessage(await eval(data));';
/** The entry of a worker and a chunk that imports it, as bundlers make them. */
const ENTRY =
  "postMessage('entry'); export const x = 1; if (!globalThis.began) { globalThis.began = true; import('./chunk.js'); }";
const CHUNK = "import { x } from './entry.js'; export const y = x;";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const script =
  (text: string): Answer =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);

function answers(seen: string[], other: () => string): Record<string, Answer> {
  return {
    '/': (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>probe</title>'),
    '/probes.js': script(readFileSync(PROBES, 'utf8')),
    '/eval-worker.js': script(WORKER),
    '/entry.js': script(ENTRY),
    '/chunk.js': script(CHUNK),
    '/seen': (request, response) => {
      const found = JSON.stringify(seen);
      if (request.url!.includes('forget')) seen.length = 0;
      response.end(found);
    },
    '/file': file,
    '/encoded': (_, response) => {
      const body = gzipSync(FILE);
      response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length })
        .end(body);
    },
    '/redirect': (_, response) =>
      void response.writeHead(302, { location: `${other()}file` }).end(),
    '/short-length': (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('short');
      setTimeout(() => response.destroy(), 50);
    },
    '/short-chunks': (_, response) => {
      response.writeHead(200).write('short');
      setTimeout(() => response.destroy(), 50);
    },
    // Neither a length nor chunks: the end of the connection is the end of the body.
    '/short-open': (request, response) => {
      response.detachSocket(request.socket);
      request.socket.end(
        'HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\nshort',
      );
    },
    '/endless': (_, response) => {
      const timer = setInterval(() => response.write('more'), 20);
      response.on('close', () => clearInterval(timer));
    },
  };
}

function file(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const [start, end] = range
    ? [Number(range[1]), Number(range[2] || FILE.length - 1)]
    : [0, FILE.length - 1];
  const headers = {
    etag: '"a"',
    'last-modified': new Date(0).toUTCString(),
    'accept-ranges': 'bytes',
    'content-length': end + 1 - start,
    ...(range && { 'content-range': `bytes ${start}-${end}/${FILE.length}` }),
  };
  response.writeHead(range ? 206 : 200, headers).end(FILE.subarray(start, end + 1));
}

/** Two origins on this machine, and one of its own address, which is no secure context; null without one. */
export interface AssumptionSite {
  readonly url: string;
  readonly other: string;
  close(): void;
}

export async function startAssumptionSite(): Promise<AssumptionSite> {
  const urls: string[] = [];
  const servers = [0, 1].map((at) => {
    const seen: string[] = [];
    const table = answers(seen, () => urls[1 - at]!);
    return createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://a');
      if (pathname !== '/seen') seen.push(request.method!);
      for (const name of ['origin', 'headers', 'methods']) {
        response.setHeader(`access-control-allow-${name}`, '*');
      }
      if (request.method === 'OPTIONS') return void response.writeHead(204).end();
      const answer = table[pathname];
      if (answer) answer(request, response);
      else response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>none');
    });
  });
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }
  const close = () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  return { url: urls[0]!, other: urls[1]!, close };
}
