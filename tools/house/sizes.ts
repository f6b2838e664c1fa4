import { weigh } from '../../scripts/lib/sizes.mjs';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check } from '../lib/report.ts';
import { BASELINE, baselineTree } from './baseline.ts';

/** Bytes after gzip -9. */
const MAX_BYTES = { engine: 105_000, runtime: 40_000 };

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

export const sizes: Check = {
  title: `the engines and the runtime after gzip -9, beside those of ${BASELINE}`,
  async run() {
    const before = weigh(await baselineTree());
    const products = weigh(root).filter(({ name }) => name !== 'embed loader');
    return products.map(({ name, files, size }) => {
      if (files.length === 0) throw new Error(`${name} is not built`);
      const own = before.find((product) => product.name === name)!.size;
      const max = name.endsWith('.wasm') ? MAX_BYTES.engine : MAX_BYTES.runtime;
      return bounded(`${name}, ${kilobytes(own)} before`, size, { max }, kilobytes);
    });
  },
};
