// A site that counts what it sends of a model, and sends it at a pace that leaves time to interrupt.
import { createServer, type IncomingMessage } from 'node:http';
import { paced } from '../../scripts/lib/site.mjs';
import { listening, type Site, type SiteOptions, siteHere } from './serve.ts';

export interface CountingSite extends Site {
  /** Requests for models so far, and bytes of them that went out. */
  readonly sent: { requests: number; bytes: number };
  /** The byte at which each of those requests began. */
  readonly starts: number[];
  /** Called with it, and waited for, before the request is answered. */
  before: (start: number) => Promise<void>;
}

/** The test site in this process; models go out at `rate` bytes a second. */
export async function startCountingSite(
  rate: number,
  options: SiteOptions = {},
): Promise<CountingSite> {
  const sent = { requests: 0, bytes: 0 };
  const counting = { sent, starts: [] as number[], before: async (_: number) => {} };
  const handle = siteHere(options);
  const count = async function* (parts: AsyncIterable<Buffer>) {
    for await (const part of parts) {
      sent.bytes += part.length;
      yield part;
    }
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://127.0.0.1');
    if (!pathname.endsWith('.gguf')) return handle(request, response);
    await noted(request, counting);
    handle(request, response, [count, paced(rate)]);
  });
  const { url, close } = await listening(server);
  return Object.assign(counting, { url: `${url}/`, kill: close });
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
