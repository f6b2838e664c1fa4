import { createServer } from 'node:http';
import { listening } from './serve.ts';

export interface Recorder {
  readonly port: number;
  /** Hosts and addresses that were asked for, those of the browser's own services left out. */
  pageRequests(): string[];
  close(): Promise<void>;
}

/** Hosts that Chromium and Firefox themselves call whatever a page does. */
const BROWSER_HOSTS =
  /(^|\.)(google\.com|googleapis\.com|gvt1\.com|gstatic\.com|mozilla\.(com|net|org)|firefox\.com)(:\d+)?$/;

/** An HTTP proxy that refuses everything and remembers what it was asked for. */
export async function startRecorder(): Promise<Recorder> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.host ?? request.url ?? '?');
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    seen.push(request.url ?? '?');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  const { url } = await listening(server);
  return {
    port: Number(new URL(url).port),
    pageRequests: () => seen.filter((host) => !BROWSER_HOSTS.test(host)),
    close: async () => void server.close(),
  };
}
