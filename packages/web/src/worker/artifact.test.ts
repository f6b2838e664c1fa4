import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../../..');
const [major = 0] = process.versions.node.split('.').map(Number);
/** Before Node 21 relaxed SIMD is behind a flag, and its baseline compiler adds up the dot product wrongly. */
const WRONG = major < 21;

test('an engine that validates relaxed SIMD and answers it wrongly gets the simd128 artifact', async () => {
  const flags = [
    ...(WRONG ? ['--experimental-wasm-relaxed-simd'] : []),
    '--conditions=pocketbit-source',
    '--import',
    'tsx',
  ];
  const script = join(root, 'tests/support/chosen-artifact.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script], { cwd: root });
  expect(stdout).toBe(WRONG ? 'simd128' : 'relaxed');
}, 30_000);
