import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's top folder. */
export const root = resolve(import.meta.dirname, '../..');
export const assistantBuild = join(root, 'apps/assistant/dist');
export const wasmFolder = join(root, 'packages/web/wasm');
export const tinyFolder = join(root, 'tests/fixtures/tiny');
/** The bundled model as the built assistant serves it. */
export const bundledModel = join(assistantBuild, 'models/pocketbit-actions.gguf');
/** What tests build and generate; git ignores it. */
export const cacheFolder = join(root, '.cache');
export const labBuild = join(cacheFolder, 'lab');
/** Generated models, in a folder of the generators' own version: a file written by older ones is never met again. */
export const modelCache = join(cacheFolder, 'models', generatorsHash());

function generatorsHash(): string {
  const folder = join(root, 'tests/models');
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const hash = createHash('sha256');
  for (const path of [...sources.sort(), join(root, 'packages/core/test/gguf-writer.ts')]) {
    hash.update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 12);
}
