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
export const modelCache = join(cacheFolder, 'models');
