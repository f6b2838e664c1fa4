import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, type InlineConfig } from 'vite';
import { cacheFolder, labBuild } from '../../tests/support/paths.ts';
import { shared } from '../../vite.config.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Builds the lab into the cache; about a second. What older builds left stays for a day: names carry hashes, and another
 * run may be serving them.
 */
export async function buildLab(): Promise<void> {
  dropOlder(Date.now() - DAY_MS);
  await buildPage(import.meta.dirname, labBuild, { ...shared, logLevel: 'warn' });
}

/** The built page that holds @wllama/wllama as `window.peer`; served under /peer/. */
export const peerBuild = join(cacheFolder, 'wllama');

/** Builds that page; a second or two. Its one file with a hash in its name is the engine of a pinned version. */
export async function buildPeer(): Promise<void> {
  rmSync(peerBuild, { recursive: true, force: true });
  await buildPage(join(import.meta.dirname, 'peer'), peerBuild, { logLevel: 'error' });
}

async function buildPage(root: string, outDir: string, options: InlineConfig): Promise<void> {
  const output = { ...shared.build, outDir, emptyOutDir: false, chunkSizeWarningLimit: 2000 };
  const page = { configFile: false, root, base: './', build: output } as const;
  await build({ ...options, ...page });
}

function dropOlder(time: number): void {
  const assets = join(labBuild, 'assets');
  const found = existsSync(assets) ? readdirSync(assets) : [];
  for (const name of found) {
    const path = join(assets, name);
    if (statSync(path).mtimeMs < time) rmSync(path);
  }
}
