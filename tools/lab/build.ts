import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { labBuild } from '../../tests/support/paths.ts';
import { shared } from '../../vite.config.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Builds the lab into the cache; about a second. What older builds left stays for a day: names carry hashes, and another
 * run may be serving them.
 */
export async function buildLab(): Promise<void> {
  dropOlder(Date.now() - DAY_MS);
  await build({
    ...shared,
    configFile: false,
    root: import.meta.dirname,
    base: './',
    logLevel: 'warn',
    build: { ...shared.build, outDir: labBuild, emptyOutDir: false, chunkSizeWarningLimit: 2000 },
  });
}

function dropOlder(time: number): void {
  const assets = join(labBuild, 'assets');
  const found = existsSync(assets) ? readdirSync(assets) : [];
  for (const name of found) {
    const path = join(assets, name);
    if (statSync(path).mtimeMs < time) rmSync(path);
  }
}
