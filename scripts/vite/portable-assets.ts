import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const WASM = new URL('../../packages/web/wasm/', import.meta.url);
const ARTIFACTS = ['relaxed', 'simd128', 'scalar'];

/**
 * Vite's library mode would inline the wasm files as base64 and make the worker's address absolute, so that no bundler
 * downstream finds them. This keeps both as the literal expressions that bundlers know, with fixed names beside index.js.
 */
export function portableAssets(): Plugin {
  const literals: [found: string, marker: string, written: string][] = [
    [
      "new Worker(new URL('../worker/index.ts', import.meta.url), { type: 'module' })",
      '__POCKETBIT_WORKER__()',
      'new Worker(new URL("./worker.js", import.meta.url), { type: "module" })',
    ],
    ...ARTIFACTS.map((name): [string, string, string] => [
      `new URL('../../wasm/${name}.wasm', import.meta.url)`,
      `__POCKETBIT_${name.toUpperCase()}__()`,
      `new URL("./${name}.wasm", import.meta.url)`,
    ]),
  ];
  const missing = new Set(literals.map(([, marker]) => marker));
  return {
    name: 'portable-assets',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('/packages/web/src/')) return null;
      let result = code;
      for (const [found, marker] of literals) {
        if (result.includes(found)) missing.delete(marker);
        result = result.replace(found, marker);
      }
      return result === code ? null : { code: result, map: null };
    },
    // After the minifier, which would write them with quotes that not every bundler reads.
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        const code = chunk.code.replace(/\bimport\(`([^`$]+)`\)/g, 'import("$1")');
        chunk.code = literals.reduce((text, [, marker, to]) => text.replace(marker, to), code);
      }
      if (missing.size > 0) this.error(`not found in the sources: ${[...missing].join(', ')}`);
      for (const name of ARTIFACTS) {
        const source = readFileSync(new URL(`${name}.wasm`, WASM));
        this.emitFile({ type: 'asset', fileName: `${name}.wasm`, source });
      }
    },
  };
}
