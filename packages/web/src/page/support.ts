import type { Artifact } from '@pocketbit/engine';
import { candidates, detectFeatures, type Features } from '../select.ts';
import { openDatabase } from '../store/indexeddb.ts';

export interface Support {
  supported: boolean;
  /** The build of the engine that `load` tries first; the module's own check may still step down. */
  artifact: Artifact | null;
  /** What is missing or slower than it could be, one sentence each. */
  reasons: string[];
  /** Whether models can be stored in this browser. */
  storage: boolean;
}

/** Whether models run in this page, and how well. Never throws. */
export async function isSupported(): Promise<Support> {
  const features = await detectFeatures();
  const workers = typeof Worker === 'function';
  const storage = (await openDatabase().catch(() => null)) !== null;
  return {
    supported: features.wasm && workers,
    artifact: features.wasm && workers ? candidates(features)[0]! : null,
    reasons: reasons(features, workers, storage),
    storage,
  };
}

function reasons(features: Features, workers: boolean, storage: boolean): string[] {
  const found: string[] = [];
  if (!features.wasm) found.push('WebAssembly is missing or switched off.');
  if (!workers) found.push('Web Workers are missing.');
  if (features.wasm && !features.simd) found.push('No WebAssembly SIMD: answers are slower.');
  if (!globalThis.isSecureContext) found.push('No HTTPS: nothing works offline.');
  if (!globalThis.navigator?.locks) {
    found.push('No Web Locks (no HTTPS, or an old browser): each tab has an engine of its own.');
  }
  if (!storage) found.push('No IndexedDB (private mode?): models are not kept.');
  return found;
}
