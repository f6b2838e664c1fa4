// Attention and the float operations in this Node, in GMAC/s and nanoseconds: the figures of crates/kernels/DESIGN.md.
// usage: npx tsx tools/kernels/vector-ops.ts [scalar|simd128]
import { readFileSync } from 'node:fs';
import { buildCases } from '../../tests/conformance/build.mjs';
import { fastest } from '../lib/timer.ts';

const SAMPLES = 60;
const VALUES = 2048;
const OPS = ['int8 quantiser', 'int16 quantiser', 'lane sum', 'sign bits', 'exp', 'SiLU gate'];
const SHAPES = [
  { heads: 1, dim: 64, length: 256 },
  { heads: 1, dim: 128, length: 256 },
  { heads: 4, dim: 128, length: 256 },
  { heads: 4, dim: 128, length: 2048 },
  { heads: 8, dim: 128, length: 2048 },
];

/** The exports of crates/kernels/src/bench/vector_ops.rs. */
interface Kernels {
  bench_attention(heads: number, dim: number, length: number, bits: number, times: number): void;
  bench_op(which: number, values: number, times: number): void;
}

const file = await buildCases(process.argv[2] ?? 'simd128');
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
const kernels = exports as unknown as Kernels;

for (const { heads, dim, length } of SHAPES) {
  const products = 2 * heads * dim * length;
  const batch = Math.max(1, Math.round(4e6 / products));
  for (const bits of [8, 4, 32]) {
    const run = (n: number) => kernels.bench_attention(heads, dim, length, bits, n);
    const ns = await nanoseconds(run, batch);
    const rate = (products / ns).toFixed(1);
    console.log(
      `${heads} heads of ${dim} over ${length} positions, ${bits} bits: ${(ns / 1e3).toFixed(1)} µs, ${rate} GMAC/s`,
    );
  }
}
for (const [which, name] of OPS.entries()) {
  const ns = (await nanoseconds((n) => kernels.bench_op(which, VALUES, n), 200)) / VALUES;
  console.log(`${name}: ${ns.toFixed(3)} ns a value`);
}

/** Of one run among `batch`, less what a call without runs takes. */
async function nanoseconds(call: (runs: number) => void, batch: number): Promise<number> {
  const contender = (runs: number) => ({
    run(times: number) {
      for (let i = 0; i < times; i++) call(runs);
    },
  });
  const [full, empty] = await fastest([contender(batch), contender(0)], SAMPLES);
  return ((full! - empty!) / batch) * 1e6;
}
