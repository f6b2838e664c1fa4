import { PocketbitError } from '@pocketbit/core';
import type { Artifact, EngineExports } from '@pocketbit/engine';
import { Engine, initSync, kernelNames, memoryPlan, Trial } from '../../wasm/glue.js';
import { describeAnswer } from '../download/answer.ts';
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
 * does. Once per worker: the glue binds to one instance for good. Errors: `unsupported`; `network` and `offline`, also where
 * other files came in the place of the engine's.
 */
export async function engineModule(forced?: Artifact, wasmBase?: string): Promise<EngineModule> {
  if (forced && !URLS[forced]) {
    throw new PocketbitError('unsupported', `No build is named so; use ${Object.keys(URLS)}.`);
  }
  const features = await detectFeatures();
  const refused: string[] = [];
  let missing: unknown = null;
  for (const artifact of candidates(features, forced)) {
    try {
      const bytes = await fetchArtifact(artifact, wasmBase);
      const refusal = await verdict(bytes);
      if (!refusal) return await start(artifact, bytes);
      // A browser with SIMD runs the two that need no more, where they are whole.
      const damaged = refusal === INVALID && features.simd && artifact !== 'relaxed';
      if (damaged || refusal === FOREIGN) {
        throw wrongFile(addressOf(artifact, wasmBase), 'a file that is damaged or another');
      }
      refused.push(`${artifact}: ${refusal}`);
    } catch (error) {
      missing = PocketbitError.from(error, 'network');
    }
  }
  if (missing) throw missing;
  throw new PocketbitError(
    'unsupported',
    `No build of the engine runs in this browser (${refused.join('; ') || 'WebAssembly is not available'}). Use a browser from 2021 or later, with WebAssembly allowed.`,
  );
}

function addressOf(artifact: Artifact, wasmBase?: string): URL {
  return wasmBase ? new URL(`${artifact}.wasm`, wasmBase) : URLS[artifact]();
}

async function fetchArtifact(artifact: Artifact, wasmBase?: string): Promise<ArrayBuffer> {
  const url = addressOf(artifact, wasmBase);
  try {
    const response = await fetch(url, { credentials: 'same-origin' });
    const bytes = await response.arrayBuffer();
    if (response.ok && isWasm(bytes)) return bytes;
    throw wrongFile(url, describeAnswer(response, bytes));
  } catch (cause) {
    if (cause instanceof PocketbitError) throw cause;
    const code = globalThis.navigator.onLine === false ? 'offline' : 'network';
    const found = `The engine (${url}) could not be fetched. Load once while online.`;
    throw new PocketbitError(code, found, { cause });
  }
}

/** Whether bytes begin as WebAssembly of version 1 does. */
function isWasm(bytes: ArrayBuffer): boolean {
  return `${new Uint8Array(bytes.slice(0, 8))}` === '0,97,115,109,1,0,0,0';
}

function wrongFile(url: URL, found: string): PocketbitError {
  return new PocketbitError(
    'network',
    `The engine (${url}) was answered with ${found}; expected its WebAssembly. Serve the .wasm files beside the script or set \`wasmBase\`.`,
  );
}

const INVALID = 'does not validate';
const FOREIGN = 'is no engine';

/** Why this artifact cannot be used here, or null. */
async function verdict(bytes: ArrayBuffer): Promise<string | null> {
  // Platform fact: feature detection gives false positives on engines that implement part of relaxed SIMD, so the
  // real module is asked.
  if (!WebAssembly.validate(bytes)) return INVALID;
  const module = await WebAssembly.compile(bytes);
  const mask = await probe(module);
  if (mask < 0) return FOREIGN;
  return mask === 0 ? null : `probe failed (${mask})`;
}

/** Runs the engine's probe on a throw-away instance, as the glue binds to one for good; -1 where there is none. */
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
  const run = exports.probe;
  return typeof run === 'function' ? (run() as number) : -1;
}

async function start(artifact: Artifact, bytes: ArrayBuffer): Promise<EngineModule> {
  initSync({ module: await WebAssembly.compile(bytes) });
  return {
    artifact,
    exports: { Engine, Trial, kernelNames, memoryPlan },
    build: await digest(bytes),
  };
}
