// A server of models at the far end of a link, in a process and a network of its own.
// usage: node far-server.mjs SITE, what siteHandler takes as JSON; prints its port, then the first byte of each request.
import { createServer } from 'node:http';
import { siteHandler } from '../../scripts/lib/site.mjs';

const serve = siteHandler(JSON.parse(process.argv[2]));
const say = (line) => process.stdout.write(`${line}\n`);
const server = createServer((request, response) => {
  const [, start = 0] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
  if (request.url.includes('.gguf')) say(start);
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-expose-headers', 'etag, content-range');
  serve(request, response);
});
server.listen(0, '0.0.0.0', () => say(server.address().port));
// The parent closes this pipe when it ends, however it ends.
process.stdin.on('end', () => process.exit()).resume();
