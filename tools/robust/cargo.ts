import { join } from 'node:path';
import { firstLine, root, run } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import type { Figure } from '../lib/report.ts';

/** What a part shows, and what of it cannot be had here, a line each. */
export interface Part {
  readonly figures: readonly Figure[];
  readonly missing?: readonly string[];
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly stdout: string;
}

const NIGHTLY = 'nightly';
const FETCH_MS = 180_000;
const TAIL_LINES = 12;

/** Runs cargo, by default with the pinned toolchain; Rust reads `RUSTFLAGS` from `env`. */
export async function cargo(
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 600_000,
): Promise<Ran> {
  const rust = await rustEnvironment();
  return run('cargo', [...args], { env: { ...rust, ...env }, timeoutMs });
}

/** Runs cargo with the nightly toolchain. */
export function nightly(
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 600_000,
): Promise<Ran> {
  return cargo(args, { ...env, RUSTUP_TOOLCHAIN: NIGHTLY }, timeoutMs);
}

/** Why a component of a toolchain cannot be had, null where it is there or could be fetched. */
export async function lacks(component: string, toolchain = NIGHTLY): Promise<string | null> {
  const rustup = (...args: string[]) => run('rustup', args, { timeoutMs: FETCH_MS });
  const list = await rustup('toolchain', 'list');
  if (list.code !== 0) return 'there is no rustup';
  if (!list.stdout.split('\n').some((line) => line.startsWith(toolchain))) {
    const got = await rustup('toolchain', 'install', toolchain, '--profile', 'minimal');
    if (got.code !== 0) return `the toolchain ${toolchain} cannot be fetched`;
  }
  const installed = await rustup('component', 'list', '--installed', '--toolchain', toolchain);
  if (installed.stdout.split('\n').some((line) => line.startsWith(component))) return null;
  const got = await rustup('component', 'add', component, '--toolchain', toolchain);
  return got.code === 0 ? null : `rustup cannot fetch ${component} of ${toolchain}`;
}

/** The folder of a toolchain's LLVM tools. */
export async function llvmTools(toolchain: string): Promise<string> {
  const env = { ...process.env, RUSTUP_TOOLCHAIN: toolchain };
  const libdir = await firstLine('rustc', ['--print', 'target-libdir'], { env });
  return join(libdir ?? '', '../bin');
}

/** Tests of a run of `cargo test`, summed over its binaries. */
export function testsOf(output: string): { passed: number; failed: number } {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const sum = (group: 1 | 2) => results.reduce((all, found) => all + Number(found[group]), 0);
  return { passed: sum(1), failed: sum(2) };
}

/** A run of `cargo test` as a figure: all pass, and the run ended well. */
export function testFigure(label: string, { code, output }: Ran): Figure {
  const { passed, failed } = testsOf(output);
  const pass = code === 0 && failed === 0 && passed > 0;
  return {
    label,
    value: pass
      ? `${passed} pass`
      : `${passed} pass, ${failed} fail, code ${code}\n${tail(output)}`,
    target: 'all pass',
    pass,
  };
}

export function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

export const target = (name: string): string => join(root, 'target', name);
