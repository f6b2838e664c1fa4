import { expect, test } from 'vitest';
import { countCargo, countLine } from './suites.mjs';
import { featureProblems, listDifferences, opcodeProblems } from './wasm-contract.mjs';

const counts = (...names) => new Map(names.map((name) => [name, 1]));
const plain = ['v128.load', 'i8x16_popcnt'];
const dot = 'i32x4.relaxed_dot_i8x16_i7x16_add_s';

test('each artifact holds the instructions its name says and no other', () => {
  expect(opcodeProblems('scalar', counts('i32.add'))).toEqual([]);
  expect(opcodeProblems('scalar', counts('i8x16.add'))).toHaveLength(1);
  expect(opcodeProblems('simd128', counts(...plain))).toEqual([]);
  expect(opcodeProblems('simd128', counts(...plain, dot))).toHaveLength(1);
  expect(opcodeProblems('simd128', counts('v128.load'))).toHaveLength(1);
  expect(opcodeProblems('relaxed', counts(...plain, dot))).toEqual([]);
  expect(opcodeProblems('relaxed', counts(...plain))).toHaveLength(1);
  for (const own of ['f32x4.relaxed_madd', 'f32x4.relaxed_max', 'f32x4.relaxed_min']) {
    expect(opcodeProblems('relaxed', counts(...plain, dot, own))).toHaveLength(1);
  }
});

test('recorded target features match the name', () => {
  expect(featureProblems('simd128', ['+simd128'])).toEqual([]);
  expect(featureProblems('simd128', ['+simd128', '+relaxed-simd'])).toHaveLength(1);
  expect(featureProblems('relaxed', ['+simd128'])).toHaveLength(1);
  expect(featureProblems('scalar', null)).toHaveLength(1);
});

test('an interface is compared both ways', () => {
  expect(listDifferences('exports', ['a', 'b'], ['a', 'b'])).toEqual([]);
  expect(listDifferences('exports', ['a'], ['b'])).toHaveLength(2);
  expect(listDifferences('maxMemory', null, 10)).toHaveLength(1);
});

test('counts are read from the tools', () => {
  const cargo =
    'test result: ok. 12 passed; 0 failed; 1 ignored\nx\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n';
  expect(countCargo(cargo)).toEqual({ passed: 13, failed: 2 });
  expect(countLine('3 passed, 1 failed\nmore\n5 passed, 0 failed\n')).toEqual({
    passed: 5,
    failed: 0,
  });
  expect(countLine('crashed')).toEqual({ passed: 0, failed: 0 });
});
