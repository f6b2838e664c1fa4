// A static server of its own process, so that a test can really kill it.
// usage: node server.mjs SITE, what siteHandler takes as JSON; prints the port it got.
import { createServer } from 'node:http';
import { siteHandler } from '../../scripts/lib/site.mjs';

const server = createServer(siteHandler(JSON.parse(process.argv[2])));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
// The parent closes this pipe when it ends, however it ends.
process.stdin.on('end', () => process.exit()).resume();
