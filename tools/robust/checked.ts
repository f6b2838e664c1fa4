import { run } from '../../scripts/lib/run.mjs';
import { lacks, nightly, type Part, tail, target, testFigure } from './cargo.ts';

const HOST = 'x86_64-unknown-linux-gnu';
/** `usize` of 32 bits, as in wasm. */
const NARROW = 'i686-unknown-linux-gnu';
/** Longer than the rest together, for what no pointer is near. */
const SLOW_IN_MIRI = [
  'rows_stand',
  'exp_is_within',
  'blocks_by_rows',
  'every_form',
  'are_as_drawn',
];
const MIRI_MS = 240_000;

/** The kernels' cases in wasm, with what makes Rust trap on a false assertion or an overflow. */
export async function checkedCases(): Promise<Part> {
  const args = ['tests/conformance/run.mjs', '--checked'];
  const { code, output } = await run(process.execPath, args, { timeoutMs: 300_000 });
  const [, passed = '0', failed = '?'] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  const pass = code === 0 && Number(passed) > 0 && failed === '0';
  return {
    figures: [
      {
        label: 'kernel cases in wasm with debug assertions and overflow checks, scalar and simd128',
        value: `${passed} pass, ${failed} fail${pass ? '' : `\n${tail(output)}`}`,
        target: '0 fail',
        pass,
      },
    ],
  };
}

/** Miri over the kernels' tests, natively, and over a whole model where `usize` has 32 bits. */
export async function miri(): Promise<Part> {
  const lack = (await lacks('rust-src')) ?? (await lacks('miri'));
  if (lack) return { figures: [], missing: [`Miri: ${lack}; it runs where \`rustup\` can`] };
  const env = { MIRIFLAGS: '-Zmiri-disable-isolation' };
  const run = (...args: string[]) =>
    nightly(['miri', 'test', '--target-dir', target('miri'), ...args], env, MIRI_MS);
  const skipped = SLOW_IN_MIRI.flatMap((name) => ['--skip', name]);
  const kernels = await run('-p', 'pocketbit-kernels', '--lib', '--', ...skipped);
  const fuzz = ['--manifest-path', 'fuzz/Cargo.toml', '--no-default-features', '--lib'];
  const model = await run(...fuzz, '--target', NARROW, '--', 'nothing_is');
  return {
    figures: [
      testFigure('Miri: tests of the kernels', kernels),
      testFigure('Miri: a model loaded and run, 32-bit', model),
    ],
  };
}

/** AddressSanitizer over the kernels' cases and the loader's tests. */
export async function addressSanitizer(): Promise<Part> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { figures: [], missing: ['AddressSanitizer: its runtime is had for Linux on x86-64'] };
  const lack = await lacks('rust-std');
  if (lack) return { figures: [], missing: [`AddressSanitizer: ${lack}`] };
  const run = (name: string, ...tests: string[]) =>
    nightly(['test', '-p', name, ...tests, '--target', HOST, '--target-dir', target('asan')], {
      RUSTFLAGS: '-Zsanitizer=address',
    });
  const kernels = await run('pocketbit-kernels', '--lib', '--test', 'golden');
  const suites = ['hostile', 'golden', 'families'].flatMap((name) => ['--test', name]);
  const model = await run('pocketbit-model', '--lib', ...suites);
  return {
    figures: [
      testFigure('AddressSanitizer: every kernel case', kernels),
      testFigure('AddressSanitizer: loader and forward pass', model),
    ],
  };
}
