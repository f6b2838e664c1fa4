import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
  /** Folders by further prefixes, each beginning and ending with a slash. */
  mounts?: Record<string, string>;
}

/** Serves the built assistant at /, the lab at /lab/, the tiny models at /tiny/ and `files` at /files/. */
export async function startSite({
  prelude = '',
  files = modelCache,
  isolated = false,
  mounts = {},
}: SiteOptions = {}): Promise<Site> {
  const folders = {
    '/': assistantBuild,
    '/lab/': labBuild,
    '/tiny/': tinyFolder,
    '/files/': files,
    ...mounts,
  };
  const pairs = Object.entries(folders).map(([prefix, folder]) => `${prefix}=${folder}`);
  const script = join(root, 'tests/support/server.mjs');
  const options = isolated ? ['--isolated', ...pairs] : pairs;
  const child = spawn(process.execPath, [script, '0', CSP, prelude, ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: `http://127.0.0.1:${port}/`, kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
