// Attention and the float operations in this Node, in GMAC/s and nanoseconds: the figures of crates/kernels/DESIGN.md.
// usage: node tools/kernels/vector-ops.mjs [scalar|simd128]
import { readFileSync } from 'node:fs';
import { buildCases } from '../../tests/conformance/build.mjs';

const ROUNDS = 60;
const VALUES = 2048;
const OPS = ['int8 quantiser', 'int16 quantiser', 'lane sum', 'sign bits', 'exp', 'SiLU gate'];
const SHAPES = [
  { heads: 1, dim: 64, length: 256 },
  { heads: 1, dim: 128, length: 256 },
  { heads: 4, dim: 128, length: 256 },
  { heads: 4, dim: 128, length: 2048 },
  { heads: 8, dim: 128, length: 2048 },
];

const file = await buildCases(process.argv[2] ?? 'simd128');
const { exports: kernels } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));

for (const { heads, dim, length } of SHAPES) {
  const products = 2 * heads * dim * length;
  const times = Math.max(1, Math.round(4e6 / products));
  for (const bits of [8, 4, 32]) {
    const ns = fastest((n) => kernels.bench_attention(heads, dim, length, bits, n), times);
    const rate = (products / ns).toFixed(1);
    console.log(
      `${heads} heads of ${dim} over ${length} positions, ${bits} bits: ${(ns / 1e3).toFixed(1)} µs, ${rate} GMAC/s`,
    );
  }
}
for (const [which, name] of OPS.entries()) {
  const ns = fastest((n) => kernels.bench_op(which, VALUES, n), 200) / VALUES;
  console.log(`${name}: ${ns.toFixed(3)} ns a value`);
}

/** Nanoseconds of one run: the minimum over rounds, less what a call without runs takes. */
function fastest(run, times) {
  // Until the engine has optimised it.
  for (let i = 0; i < 20; i++) run(times);
  const clock = (n) => {
    const start = performance.now();
    run(n);
    return performance.now() - start;
  };
  let [full, empty] = [Infinity, Infinity];
  for (let i = 0; i < ROUNDS; i++) {
    full = Math.min(full, clock(times));
    empty = Math.min(empty, clock(0));
  }
  return ((full - empty) / times) * 1e6;
}
