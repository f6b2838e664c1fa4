import { readFileSync } from 'node:fs';
import * as glue from '/work/main/packages/web/wasm/glue.js';
import { readGguf, planModel, encodeConfig, loadTensors } from '/work/main/packages/core/src/index.ts';
const file = process.argv[2], artifact = process.argv[3] ?? 'simd128', kv = (process.argv[4] ?? 'int8') as any;
glue.initSync({ module: readFileSync(`/work/main/packages/web/wasm/${artifact}.wasm`) });
const bytes = readFileSync(file);
const source = { size: bytes.length, read: async (o: number, n: number) => new Uint8Array(bytes.subarray(o, o + n)) };
const header = await readGguf(source); const plan = planModel(header, { kv });
const e = new glue.Engine(encodeConfig(plan.config)); await loadTensors(plan, source, e as any);
const V = plan.config.vocab ?? (plan.config as any).vocabSize;
const ids = Uint32Array.from({ length: 128 }, (_, i) => (i * 37 + 11) % 300);
const pre: number[] = [], dec: number[] = [];
const R = Number(process.argv[5] ?? 8);
for (let r = 0; r < R; r++) {
  e.truncate(0); let t = performance.now(); e.forward(ids); pre.push(performance.now() - t);
  t = performance.now(); for (let i = 0; i < 64; i++) e.forward(Uint32Array.of(i + 5)); dec.push((performance.now() - t) / 64);
}
const min = (a: number[]) => Math.min(...a);
console.log(artifact, glue.variant(), 'probe', glue.probe(), `prefill128 min ${min(pre).toFixed(1)} ms, decode min ${min(dec).toFixed(3)} ms = ${(1000 / min(dec)).toFixed(0)} tok/s`, 'resident', e.residentBytes, plan.residentBytes);
