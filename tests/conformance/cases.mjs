/**
 * Runs every case of a case-runner instance (crates/kernels/src/cases). No imports, so a page can load this file.
 * @param {WebAssembly.Instance} instance
 * @returns {{passed: number, failed: string[], probe: number}}
 */
export function runCases({ exports }) {
  const failed = [];
  // First, as at start-up: an engine may answer wrongly in its baseline tier and rightly once optimised (Node 20 does).
  const probe = exports.kernel_probe();
  const count = exports.case_count();
  for (let i = 0; i < count; i++) if (exports.case_passes(i) !== 1) failed.push(nameOf(exports, i));
  if (probe !== 0) failed.push(`start-up probe answers ${probe}`);
  return { passed: count + 1 - failed.length, failed, probe };
}

function nameOf(exports, i) {
  const start = exports.case_name(i);
  const bytes = new Uint8Array(exports.memory.buffer, start);
  return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
}
