import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

const BUILT = join(import.meta.dirname, '../../apps/bench/dist');

/** Serves the built bench page beside the assistant, under /bench/. */
export function benchPage(): Plugin {
  return {
    name: 'bench-page',
    apply: 'build',
    generateBundle() {
      for (const path of builtFiles()) {
        const fileName = `bench/${relative(BUILT, path)}`;
        this.emitFile({ type: 'asset', fileName, source: readFileSync(path) });
      }
    },
  };
}

function builtFiles(): string[] {
  try {
    const entries = readdirSync(BUILT, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${parentPath}/${name}`);
  } catch (cause) {
    throw new Error('apps/bench is not built: run `npm run build -w @pocketbit/bench` first', {
      cause,
    });
  }
}
