import { readFile } from 'node:fs/promises';
import { PocketbitError } from '@pocketbit/core';
import type { Artifact, EngineExports } from '@pocketbit/engine';

// Node has it, its types do not; the DOM's types would bring in the DOM.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
};

interface Glue extends EngineExports {
  initSync(options: { module: object }): unknown;
  probe(): number;
}

// The build output of the web package: the command runs the bytes that the browser runs.
const WASM_FOLDER = new URL('../../web/wasm/', import.meta.url);

/** The engine's exports on one artifact, refused where this Node computes it wrongly. */
export async function loadEngine(artifact: Artifact): Promise<Glue> {
  const { bytes, glue } = await built(artifact);
  if (!WebAssembly.validate(bytes)) {
    throw new PocketbitError(
      'unsupported',
      `this Node (${process.version}) does not take the ${artifact} artifact; ` +
        `use --artifact ${artifact === 'relaxed' ? 'simd128' : 'scalar'}`,
    );
  }
  glue.initSync({ module: new WebAssembly.Module(bytes) });
  const wrong = glue.probe();
  if (wrong === 0) return glue;
  throw new PocketbitError(
    'unsupported',
    `this Node (${process.version}) answers the ${artifact} artifact's probe wrongly ` +
      `(mask ${wrong}); use --artifact simd128`,
  );
}

async function built(artifact: Artifact): Promise<{ bytes: Uint8Array; glue: Glue }> {
  try {
    const bytes = new Uint8Array(await readFile(new URL(`${artifact}.wasm`, WASM_FOLDER)));
    return { bytes, glue: await import(new URL('glue.js', WASM_FOLDER).href) };
  } catch (cause) {
    throw new PocketbitError(
      'unsupported',
      `the ${artifact} engine is not built: run "npm run build:wasm" first`,
      { cause },
    );
  }
}
