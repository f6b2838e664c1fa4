// A server whose every answer a test writes itself, and which remembers what it was asked for.
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listening } from './serve.ts';

/** One request for a model. */
export interface Asked {
  /** How many came before it. */
  readonly number: number;
  /** The first byte that is asked for. */
  readonly start: number;
  /** The byte after the last; absent where all that follows is wanted. */
  readonly end: number | undefined;
  readonly ranged: boolean;
  /** Of the address, with what stands before it on the server. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers one request. */
export type Tell = (asked: Asked, response: ServerResponse) => unknown;

export interface ToldModel {
  readonly url: string;
  /** What was asked for: the first byte and, where it is given, the one after the last; `all` without a range. */
  readonly asked: string[];
  /** Bytes of bodies that were sent. */
  sent: number;
  /** Whether its server answers at all. */
  there: boolean;
  tell: Tell;
}

export interface ToldServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** A model at an address of its own; a name that ends in `.gguf`. */
  model(name: string, tell: Tell): ToldModel;
  close(): Promise<void>;
}

/** Starts one on 127.0.0.1; what is no model is answered by `site`. It refuses what must be asked for beforehand. */
export async function startToldServer(
  site: RequestListener = (_, response) => void response.writeHead(404).end(),
): Promise<ToldServer> {
  const models: ToldModel[] = [];
  const server = createServer((request, response) => {
    const index = /^\/told\/(\d+)\//.exec(request.url ?? '')?.[1];
    if (index === undefined) return site(request, response);
    const model = models[Number(index)]!;
    if (!model.there) return void response.destroy();
    if (request.method === 'OPTIONS') return void response.writeHead(403).end();
    if (request.method === 'HEAD') return void response.end();
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const asked = {
      number: model.asked.length,
      start: Number(from ?? 0),
      end: to ? Number(to) + 1 : undefined,
      ranged: from !== undefined,
      path: request.url!,
      headers: request.headers,
    };
    model.asked.push(from === undefined ? 'all' : `${from}-${asked.end ?? ''}`);
    response.setHeader('access-control-allow-origin', '*');
    counted(model, response);
    Promise.resolve(model.tell(asked, response)).catch(() => response.destroy());
  });
  const { url, close } = await listening(server);
  const model = (name: string, tell: Tell): ToldModel => {
    const address = `${url}/told/${models.length}/${name}`;
    const told = { url: address, asked: [], sent: 0, there: true, tell };
    models.push(told);
    return told;
  };
  return { url, model, close };
}

function counted(model: ToldModel, response: ServerResponse): void {
  const write = response.write.bind(response) as (part: Uint8Array, done?: () => void) => boolean;
  response.write = ((part: Uint8Array, done?: () => void) => {
    model.sent += part.length;
    return write(part, done);
  }) as typeof response.write;
}

export interface Honesty {
  headers?: Record<string, string>;
  /** Bytes of the answer after which the connection breaks, once they have been read. */
  cut?: number | undefined;
  /** Bytes of the answer after which nothing more comes. */
  stall?: number | undefined;
  /** Bytes a second. */
  rate?: number;
  /** Whether ranges are known; default true. */
  ranges?: boolean;
}

const LINGER_MS = 700;

/** The file, or the part of it that was asked for, as a good server sends it. */
export async function honest(
  { start, end = Number.POSITIVE_INFINITY, ranged }: Asked,
  response: ServerResponse,
  file: Uint8Array,
  { headers = {}, cut, stall, rate, ranges = true }: Honesty = {},
): Promise<void> {
  const partly = ranged && ranges;
  if (partly && start >= file.length) return void response.writeHead(416).end();
  const body = partly ? file.subarray(start, end) : file;
  response.writeHead(partly ? 206 : 200, {
    'content-length': body.length,
    ...(partly && { 'content-range': `bytes ${start}-${start + body.length - 1}/${file.length}` }),
    ...headers,
  });
  await sendBytes(response, body.subarray(0, cut ?? stall ?? body.length), rate);
  if (stall !== undefined) return;
  if (cut === undefined) return void response.end();
  await sleep(LINGER_MS);
  response.destroy();
}

const PART_BYTES = 64 * 1024;

/** Writes `bytes`, each part once the one before it is on its way; `rate` bytes a second where that is given. */
export async function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
  rate?: number,
): Promise<void> {
  const step = rate ? Math.max(1, Math.min(PART_BYTES, Math.floor(rate / 10))) : PART_BYTES;
  let wake = () => {};
  const closed = () => wake();
  response.once('close', closed);
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    const part = bytes.subarray(at, at + step);
    await new Promise<void>((resolve) => {
      wake = resolve;
      response.write(part, () => resolve());
    });
    if (rate) await sleep((part.length / rate) * 1000);
  }
  response.off('close', closed);
}

/** A web page with status 200, as a captive portal's. */
export function signIn(_: unknown, response: ServerResponse): void {
  const text = '<!doctype html><title>Sign in</title><p>Welcome to the hotel.';
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text);
}
