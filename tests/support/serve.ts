import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { siteHandler } from '../../scripts/lib/site.mjs';
import { CSP } from '../../scripts/vite/csp.ts';
import { assistantBuild, labBuild, modelCache, root, tinyFolder } from './paths.ts';

export interface Site {
  /** Ends with a slash. */
  readonly url: string;
  /** Ends the server's process and waits until it is gone; nothing answers on its port afterwards. */
  kill(): Promise<void>;
}

export interface SiteOptions {
  /** A statement put before every served script: how a test takes something away from the browser. */
  prelude?: string;
  /** Folder served under /files/; by default the generated models. */
  files?: string;
  /** Whether pages are cross-origin isolated, for a fine clock. */
  isolated?: boolean;
  /** The policy of its pages; by default that of the assistant, which lets them ask no other host. */
  csp?: string;
  /** Folders by further prefixes, each beginning and ending with a slash. */
  mounts?: Record<string, string>;
}

/** What is served: the built assistant at /, the lab at /lab/, the tiny models at /tiny/ and `files` at /files/. */
function siteOf({ files = modelCache, mounts = {}, prelude = '', ...options }: SiteOptions = {}) {
  const folders: Record<string, string> = {
    '/': assistantBuild,
    '/lab/': labBuild,
    '/tiny/': tinyFolder,
    '/files/': files,
    ...mounts,
  };
  return { folders, csp: CSP, prelude: prelude && `${prelude};\n`, ...options };
}

/** The test site in this process. */
export const siteHere = (options: SiteOptions = {}) => siteHandler(siteOf(options));

/** Serves the test site in a process of its own. */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const script = join(root, 'tests/support/server.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(siteOf(options))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: `http://127.0.0.1:${port}/`, kill: () => kill(child) };
}

/** Lets a server of this process listen on a free port of 127.0.0.1; its address has no slash at the end. */
export async function listening(server: Server): Promise<{ url: string; close(): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
