import { join } from 'node:path';
import { root } from './run.mjs';

/** What wasm-opt may use in every artifact: the features of rustc's default wasm32 target, all in Safari 15. */
const common = [
  'bulk-memory',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];

/** The engine's builds: rustc's target features and wasm-opt's feature names. */
export const artifacts = {
  scalar: { rustc: [], wasmOpt: common },
  simd128: { rustc: ['+simd128'], wasmOpt: [...common, 'simd'] },
  relaxed: { rustc: ['+simd128', '+relaxed-simd'], wasmOpt: [...common, 'simd', 'relaxed-simd'] },
};

/** Where the artifacts and their shared glue are written; ignored by git. */
export const wasmFolder = join(root, 'packages/web/wasm');
