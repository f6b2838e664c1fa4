import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifacts } from '../../scripts/lib/artifacts.mjs';
import { budgets } from '../../scripts/lib/budgets.mjs';
import { gzipSize } from '../../scripts/lib/wasm-module.mjs';
import { wasmFolder } from '../../tests/support/paths.ts';
import { bounded, type Check } from '../lib/report.ts';

export const size: Check = {
  title: 'the engine after gzip -9, each artifact',
  run: async () =>
    Object.keys(artifacts).map((name) =>
      bounded(
        `${name}.wasm`,
        gzipSize(readFileSync(join(wasmFolder, `${name}.wasm`))),
        { max: budgets.wasm },
        (bytes) => `${(bytes / 1000).toFixed(1)} kB`,
      ),
    ),
};
