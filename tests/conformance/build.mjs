import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { artifacts } from '../../scripts/lib/artifacts.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { wasmEnvironment, wasmTarget } from '../../scripts/lib/rust.mjs';

/** What makes Rust trap on a false assertion or an integer that overflows, in the optimised build. */
export const CHECKED = {
  CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
  CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS: 'true',
};

/** Builds the kernels' case-runner for `artifact`, as it ships or `checked`; resolves to the path of its .wasm. */
export async function buildCases(artifact, { checked = false } = {}) {
  if (!(artifact in artifacts))
    throw new Error(`no artifact '${artifact}': ${Object.keys(artifacts).join(', ')}`);
  const features = artifacts[artifact].rustc.join(',');
  const target = join(root, 'target', `cases-${artifact}${checked ? '-checked' : ''}`);
  const args = [
    'rustc',
    '-q',
    '--release',
    '-p',
    'pocketbit-kernels',
    '--lib',
    '--features',
    'cases',
  ];
  args.push('--crate-type', 'cdylib', '--target', wasmTarget, '--target-dir', target);
  const env = {
    ...(await wasmEnvironment()),
    ...(checked && CHECKED),
    RUSTFLAGS: features && `-C target-feature=${features}`,
  };
  execFileSync('cargo', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return join(target, wasmTarget, 'release/pocketbit_kernels.wasm');
}
