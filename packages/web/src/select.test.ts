import { expect, test } from 'vitest';
import { candidates } from './select.ts';

test('the fastest artifact comes first, the scalar one last', () => {
  const order = candidates({ wasm: true, simd: true, relaxedSimd: true });
  expect(order).toEqual(['relaxed', 'simd128', 'scalar']);
});

test('without SIMD only the scalar artifact is left', () => {
  expect(candidates({ wasm: true, simd: false, relaxedSimd: true })).toEqual(['scalar']);
});

test('without WebAssembly there is none', () => {
  expect(candidates({ wasm: false, simd: false, relaxedSimd: false })).toEqual([]);
});

test('a forced artifact is the only candidate', () => {
  const features = { wasm: true, simd: true, relaxedSimd: true };
  expect(candidates(features, 'simd128')).toEqual(['simd128']);
});
