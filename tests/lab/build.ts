import { build } from 'vite';
import { shared } from '../../vite.config.ts';
import { labBuild } from '../support/paths.ts';

/** Builds the lab into the cache; about a second. */
export async function buildLab(): Promise<void> {
  await build({
    ...shared,
    configFile: false,
    root: import.meta.dirname,
    base: './',
    logLevel: 'warn',
    build: { ...shared.build, outDir: labBuild, emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  });
}
