import type { Artifact } from '@pocketbit/engine';
import { relaxedSimd, simd } from 'wasm-feature-detect';

/** What the browser can do, as far as the choice of an artifact cares. */
export interface Features {
  wasm: boolean;
  simd: boolean;
  relaxedSimd: boolean;
}

/** What this browser can do. */
export async function detectFeatures(): Promise<Features> {
  const wasm = typeof WebAssembly === 'object';
  return {
    wasm,
    simd: wasm && (await simd()),
    relaxedSimd: wasm && (await relaxedSimd()),
  };
}

/**
 * Artifacts worth trying, best first. A candidate must still pass `WebAssembly.validate` and the engine's probe:
 * feature detection says yes on engines that implement only part of relaxed SIMD.
 */
export function candidates(features: Features, forced?: Artifact): Artifact[] {
  if (forced) return [forced];
  if (!features.wasm) return [];
  const order: Artifact[] = ['scalar'];
  if (features.simd) order.unshift('simd128');
  if (features.simd && features.relaxedSimd) order.unshift('relaxed');
  return order;
}
