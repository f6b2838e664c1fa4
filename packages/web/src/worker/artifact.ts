import { PocketbitError } from '@pocketbit/core';
import type { Artifact, EngineExports } from '@pocketbit/engine';
import { Engine, initSync, kernelNames, memoryPlan, Trial } from '../../wasm/glue.js';
import { candidates, detectFeatures } from '../select.ts';
import { digest } from '../store/hash.ts';

/** The engine's exports, on the artifact that was chosen. */
export interface EngineModule {
  artifact: Artifact;
  exports: EngineExports;
  /** SHA-256 of the artifact's bytes. */
  build: string;
}

/** Literal URLs, because bundlers find assets by this very expression. */
const URLS: Record<Artifact, () => URL> = {
  relaxed: () => new URL('../../wasm/relaxed.wasm', import.meta.url),
  simd128: () => new URL('../../wasm/simd128.wasm', import.meta.url),
  scalar: () => new URL('../../wasm/scalar.wasm', import.meta.url),
};

/**
 * The fastest artifact that can be fetched, validates as a whole and answers its probe as the scalar specification
 * does. Once per worker: the glue binds to one instance for good. Errors: `unsupported`, `network`, `offline`.
 */
export async function engineModule(forced?: Artifact, wasmBase?: string): Promise<EngineModule> {
  const found: string[] = [];
  let missing: unknown = null;
  for (const artifact of candidates(await detectFeatures(), forced)) {
    const bytes = await fetchArtifact(artifact, wasmBase).catch((error: unknown) => {
      missing = error;
      return null;
    });
    if (!bytes) continue;
    const refusal = await verdict(bytes);
    if (!refusal) return start(artifact, bytes);
    found.push(`${artifact}: ${refusal}`);
  }
  if (missing && found.length === 0) throw missing;
  throw new PocketbitError(
    'unsupported',
    `No build of the engine runs in this browser (${found.join('; ') || 'WebAssembly is not available'}). Use a browser from 2021 or later, with WebAssembly allowed.`,
  );
}

async function fetchArtifact(artifact: Artifact, wasmBase?: string): Promise<ArrayBuffer> {
  const url = wasmBase ? new URL(`${artifact}.wasm`, wasmBase) : URLS[artifact]();
  const response = await fetch(url, { credentials: 'same-origin' }).catch((error: unknown) => {
    const code = globalThis.navigator.onLine === false ? 'offline' : 'network';
    throw new PocketbitError(
      code,
      `The engine (${url}) could not be fetched. Load once while online.`,
      { cause: error },
    );
  });
  if (!response.ok) {
    throw new PocketbitError(
      'network',
      `The engine (${url}) answered ${response.status}; serve the .wasm files beside the script or set \`wasmBase\`.`,
    );
  }
  return response.arrayBuffer();
}

/** Why this artifact cannot be used here, or null. */
async function verdict(bytes: ArrayBuffer): Promise<string | null> {
  // Platform fact: feature detection gives false positives on engines that implement part of relaxed SIMD, so the
  // real module is asked.
  if (!WebAssembly.validate(bytes)) return 'does not validate';
  const module = await WebAssembly.compile(bytes);
  const mask = await probe(module);
  return mask === 0 ? null : `probe failed (${mask})`;
}

/** Runs the engine's probe on a throw-away instance: the glue binds to one instance for good. */
async function probe(module: WebAssembly.Module): Promise<number> {
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') return -1;
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`${name} was called during the probe`);
    };
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  return (exports.probe as () => number)();
}

async function start(artifact: Artifact, bytes: ArrayBuffer): Promise<EngineModule> {
  initSync({ module: await WebAssembly.compile(bytes) });
  return {
    artifact,
    exports: { Engine, Trial, kernelNames, memoryPlan },
    build: await digest(bytes),
  };
}
