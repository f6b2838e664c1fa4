// A site that counts what it sends of a model, and sends it at a pace that leaves time to interrupt.
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Site, type SiteOptions, startSite } from './serve.ts';

export interface CountingSite extends Site {
  /** Requests for models so far, and bytes of them that went out. */
  readonly sent: { requests: number; bytes: number };
  /** The byte at which each of those requests began. */
  readonly starts: number[];
  /** Called with it, and waited for, before the request is answered. */
  before: (start: number) => Promise<void>;
}

/** Stands before the test server; models go out at `rate` bytes a second. */
export async function startCountingSite(
  rate: number,
  options: SiteOptions = {},
): Promise<CountingSite> {
  const site = await startSite(options);
  const sent = { requests: 0, bytes: 0 };
  const counting = { sent, starts: [] as number[], before: async (_: number) => {} };
  const server = createServer(async (request, response) => {
    const isModel = new URL(request.url!, site.url).pathname.endsWith('.gguf');
    if (isModel) await noted(request, counting);
    const pace = isModel ? rate : Number.POSITIVE_INFINITY;
    get(new URL(request.url!, site.url), { headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      passOn(answer, response, pace, isModel ? sent : { bytes: 0 }).catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kill = async () => {
    server.close();
    server.closeAllConnections();
    await site.kill();
  };
  return Object.assign(counting, { url: `http://127.0.0.1:${port}/`, kill });
}

async function noted(
  { headers }: IncomingMessage,
  { sent, starts, before }: Pick<CountingSite, 'sent' | 'starts' | 'before'>,
): Promise<void> {
  const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  sent.requests++;
  starts.push(start);
  await before(start);
}

async function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  rate: number,
  counted: { bytes: number },
): Promise<void> {
  await pipeline(
    answer,
    async function* (parts: AsyncIterable<Buffer>) {
      for await (const part of parts) {
        counted.bytes += part.length;
        yield part;
        if (Number.isFinite(rate)) await sleep((part.length / rate) * 1000);
      }
    },
    response,
  );
}
