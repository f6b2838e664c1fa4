// The kernels' case-runner inside wasm: builds crates/kernels as a cdylib for each artifact and runs every case.
// usage: node tests/conformance/run.mjs [--artifact scalar|simd128|relaxed] [--checked]
// `--checked` builds with debug assertions and overflow checks. relaxed needs a browser: see tests/browser.
import { readFileSync } from 'node:fs';
import { buildCases } from './build.mjs';
import { runCases } from './cases.mjs';

const wanted = process.argv.includes('--artifact')
  ? [process.argv[process.argv.indexOf('--artifact') + 1]]
  : ['scalar', 'simd128'];
const checked = process.argv.includes('--checked');
let passed = 0;
const failed = [];
for (const artifact of wanted) {
  const module = new WebAssembly.Module(readFileSync(await buildCases(artifact, { checked })));
  const result = runCases(new WebAssembly.Instance(module));
  passed += result.passed;
  failed.push(...result.failed.map((name) => `${artifact}: ${name}`));
  console.log(
    `${artifact}: ${result.passed} cases pass, ${result.failed.length} fail, probe ${result.probe}`,
  );
}
for (const name of failed.slice(0, 20)) console.error(`FAILED ${name}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length > 0 || passed === 0 ? 1 : 0);
