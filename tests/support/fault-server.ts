// A server that lies, stalls, cuts and truncates as a schedule says, and counts what it sends.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Fault, MirrorSchedule, Schedule } from './fault-schedules.ts';
import { listening } from './serve.ts';

export interface FaultServer {
  readonly url: string;
  /** Addresses of a model whose mirrors behave as `schedule` says; `files` are its versions. */
  serve(schedule: Schedule, files: readonly [Uint8Array, Uint8Array]): FaultRun;
  close(): Promise<void>;
}

export interface FaultRun {
  readonly urls: string[];
  /** The most bytes that one request asked for again although they had been sent; counted up to each cut. */
  readonly refetched: number;
  /** From now on every mirror has the first version and is honest. */
  heal(): void;
}

/** Bytes written at a time, so that a client has read most of what came before a cut. */
const PART_BYTES = 16 * 1024;

interface Mirror {
  readonly schedule: MirrorSchedule;
  requests: number;
}

class Run implements FaultRun {
  readonly urls: string[];
  refetched = 0;
  #sent = 0;
  #healed = false;
  readonly #mirrors: Mirror[];
  readonly #files: readonly [Uint8Array, Uint8Array];

  constructor(base: string, schedule: Schedule, files: readonly [Uint8Array, Uint8Array]) {
    this.#files = files;
    this.#mirrors = schedule.mirrors.map((mirror) => ({ schedule: mirror, requests: 0 }));
    this.urls = this.#mirrors.map((_, i) => `${base}/${i}/model.gguf`);
  }

  heal(): void {
    this.#healed = true;
  }

  async answer(index: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mirror = this.#mirrors[index]!;
    const { schedule } = mirror;
    const number = mirror.requests++;
    const version = !this.#healed && number >= schedule.changesAt ? 1 : 0;
    const fault = this.#healed ? FINE : faultAt(schedule, number);
    const answer = answerOf(request, fault, schedule, this.#files[version], version);
    if (!answer) return void response.destroy();
    this.#count(answer.start);
    response.writeHead(answer.status, answer.headers);
    const { body } = answer;
    const end = Math.min(body.length, answer.stop ?? body.length);
    for (let at = 0; at < end && !response.destroyed; at += PART_BYTES) {
      const part = body.subarray(at, Math.min(end, at + PART_BYTES));
      await new Promise((resolve) => response.write(part, resolve));
      this.#sent = Math.max(this.#sent, answer.start + at + part.length);
    }
    if (fault.kind === 'stall') return;
    if (fault.kind === 'cut' && fault.lingerMs) await sleep(fault.lingerMs);
    if (end < body.length || fault.kind === 'too-long') response.socket?.end();
    else response.end();
  }

  #count(start: number): void {
    this.refetched = Math.max(this.refetched, this.#sent - start);
  }
}

const FINE: Fault = { kind: 'fine' };

function faultAt({ faults, forGood }: MirrorSchedule, number: number): Fault {
  return faults[number] ?? (forGood ? faults.at(-1) : null) ?? FINE;
}

interface Answer {
  status: number;
  headers: Record<string, string | number>;
  body: Uint8Array;
  /** Where in the file the body begins. */
  start: number;
  /** Bytes of the body after which the connection ends or stalls. */
  stop?: number;
}

/** The answer to a request under a fault; null closes the connection. */
function answerOf(
  request: IncomingMessage,
  fault: Fault,
  schedule: MirrorSchedule,
  file: Uint8Array,
  version: number,
): Answer | null {
  if (fault.kind === 'refuse') return null;
  if (fault.kind === 'status') return plain(fault.status, 'text/plain', 'no');
  if (fault.kind === 'page') return plain(200, 'text/html', '<!doctype html><p>Sign in');
  const bytes =
    fault.kind === 'truncated'
      ? file.subarray(0, 4 + Math.floor(fault.to * (file.length - 4)))
      : file;
  const validators = validatorsOf(schedule, version);
  const range = rangeOf(request, schedule, fault, bytes.length, Object.values(validators));
  if (range && range.start >= bytes.length) return plain(416, 'text/plain', 'no such range');
  const answer = range ? partOf(bytes, range, fault) : wholeOf(bytes, fault);
  Object.assign(answer.headers, validators, { 'access-control-allow-origin': '*' });
  return bent(answer, fault);
}

function plain(status: number, type: string, text: string): Answer {
  const body = new TextEncoder().encode(text);
  return {
    status,
    headers: { 'content-type': type, 'content-length': body.length },
    body,
    start: 0,
  };
}

function validatorsOf({ validator }: MirrorSchedule, version: number): Record<string, string> {
  if (validator === 'etag') return { etag: `"v${version}"` };
  if (validator === 'weak') return { etag: `W/"v${version}"` };
  if (validator === 'date')
    return { 'last-modified': `Mon, 0${version + 1} Jun 2026 00:00:00 GMT` };
  return {};
}

function rangeOf(
  { headers }: IncomingMessage,
  { ranges }: MirrorSchedule,
  { kind }: Fault,
  size: number,
  validators: string[],
): { start: number; end: number } | null {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const condition = headers['if-range'];
  const stale = condition !== undefined && !validators.includes(String(condition));
  if (from === undefined || !ranges || stale || kind === 'whole') return null;
  return { start: Number(from), end: Math.min(size, to ? Number(to) + 1 : size) };
}

function partOf(
  file: Uint8Array,
  { start, end }: { start: number; end: number },
  fault: Fault,
): Answer {
  const shift = 'shift' in fault ? Math.min(fault.shift, start) : 0;
  const said = fault.kind === 'other-range' ? shift : 0;
  const body = file.subarray(start - shift, end - shift);
  const range = `bytes ${start - said}-${end - said - 1}/${file.length}`;
  return {
    status: 206,
    headers: { 'content-range': range, 'content-length': body.length },
    body,
    start,
  };
}

function wholeOf(file: Uint8Array, { kind }: Fault): Answer {
  if (kind === 'gzip') {
    return {
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(file, { level: 1 }),
      start: 0,
    };
  }
  const headers = kind === 'chunked' ? {} : { 'content-length': file.length };
  return { status: 200, headers: headers as Answer['headers'], body: file, start: 0 };
}

/** The answer with what the fault does to its body. */
function bent(answer: Answer, fault: Fault): Answer {
  const { body, headers } = answer;
  switch (fault.kind) {
    case 'cut':
    case 'stall':
      return { ...answer, stop: Math.floor(fault.after * body.length) };
    case 'too-long':
      return { ...answer, headers: { ...headers, 'content-length': body.length + 1000 } };
    case 'flip': {
      const wrong = body.slice();
      wrong[Math.floor(fault.at * wrong.length)]! ^= 4;
      return { ...answer, body: wrong };
    }
    default:
      return answer;
  }
}

/** Starts a server on 127.0.0.1; what is no scheduled model is answered by `site`. */
export async function startFaultServer(
  site: RequestListener = (_, response) => void response.writeHead(404).end(),
): Promise<FaultServer> {
  const runs: Run[] = [];
  const server = createServer((request, response) => {
    const [, run, mirror] = /^\/faults\/(\d+)\/(\d+)\//.exec(request.url ?? '') ?? [];
    if (!run) return site(request, response);
    const work = runs[Number(run)]!.answer(Number(mirror), request, response);
    work.catch(() => response.destroy());
  });
  const { url, close } = await listening(server);
  return {
    url,
    close,
    serve(schedule, files) {
      const run = new Run(`${url}/faults/${runs.length}`, schedule, files);
      runs.push(run);
      return run;
    },
  };
}
