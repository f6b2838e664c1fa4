// The built assistant on 127.0.0.1: PORT chooses the port; else 4173 or the next free one.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root } from './lib/run.mjs';
import { siteHandler } from './lib/site.mjs';
import { CSP } from './vite/csp.ts';

const folders = { '/': join(root, 'apps/assistant/dist') };
const server = createServer(siteHandler({ folders, csp: CSP }));
let port = Number(process.env.PORT ?? 4173);
while (!(await listens())) port++;
console.log(`Pocketbit answers at http://127.0.0.1:${port}/`);

/** Whether the port was free; throws where it was asked for and is not. */
async function listens(): Promise<boolean> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (process.env.PORT || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return false;
  }
}
