import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifacts } from '../../scripts/lib/artifacts.mjs';
import { root, run } from '../../scripts/lib/run.mjs';
import { wasmEnvironment, wasmTarget } from '../../scripts/lib/rust.mjs';
import type { Figure } from '../lib/report.ts';
import { cargo, lacks, nightly, type Part, tail, target } from './cargo.ts';

const HOST = 'x86_64-unknown-linux-gnu';
const SECONDS = { brief: 40, full: 1200 };
const CORPUS = join(root, 'fuzz/corpus/engine');

/** As cargo-fuzz builds: counters on every edge, compared values traced, AddressSanitizer. */
const COVERAGE_FLAGS = [
  '-Cpasses=sancov-module',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map(
    (option) => `-Cllvm-args=-sanitizer-coverage-${option}`,
  ),
  '--cfg=fuzzing',
  '-Zsanitizer=address',
  '-Cforce-frame-pointers',
  '-Ccodegen-units=1',
];
const LIMITS = ['-max_len=600', '-timeout=20', '-rss_limit_mb=4096', '-malloc_limit_mb=65536'];

/** libFuzzer on the engine: configs, tensors in pieces, calls, edited sessions. */
export async function guidedFuzzing(full: boolean): Promise<Part> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { figures: [], missing: ['libFuzzer: built here for Linux on x86-64'] };
  const lack = await lacks('rust-std');
  if (lack) return { figures: [], missing: [`libFuzzer: ${lack}`] };
  const args = ['build', '--release', '--bin', 'engine', '--manifest-path', 'fuzz/Cargo.toml'];
  const built = await nightly([...args, '--target', HOST, '--target-dir', target('fuzz')], {
    RUSTFLAGS: COVERAGE_FLAGS.join(' '),
  });
  if (built.code !== 0) return { figures: [failed('libFuzzer is built', built.output)] };
  return { figures: [await campaign(full ? SECONDS.full : SECONDS.brief)] };
}

/** Inputs that reach something new are kept in a folder of their own; a crash's input is named and stays there. */
async function campaign(seconds: number): Promise<Figure> {
  const found = target('fuzz/found');
  mkdirSync(found, { recursive: true });
  const args = [found, CORPUS, ...LIMITS, `-max_total_time=${seconds}`, '-print_final_stats=1'];
  const env = { ...process.env, ASAN_OPTIONS: 'allocator_may_return_null=1:detect_leaks=0' };
  const crashes = `${target('fuzz')}/crash-`;
  const { code, output } = await run(
    target(`fuzz/${HOST}/release/engine`),
    [...args, `-artifact_prefix=${crashes}`],
    { env, timeoutMs: (seconds + 120) * 1000 },
  );
  if (code !== 0) return failed('coverage-guided fuzzing of the engine', output);
  const inputs = /number_of_executed_units: (\d+)/.exec(output)?.[1] ?? '0';
  const edges = [...output.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '0';
  return {
    label: `coverage-guided fuzzing of the engine for ${seconds} s`,
    value: `${inputs} inputs, ${edges} edges, 0 crashes`,
    target: '0 crashes',
    pass: Number(inputs) > 0,
  };
}

const failed = (label: string, output: string): Figure => ({
  label,
  value: tail(output),
  target: 'no failure',
  pass: false,
});

interface Replayer {
  readonly feed: (byte: number) => void;
  readonly run: () => bigint;
}

/** Every committed input in wasm with overflow checks: no trap, and what comes of it natively. */
export async function corpusInWasm(): Promise<Part> {
  const names = readdirSync(CORPUS).sort();
  const wanted = await nativeHashes();
  const figures: Figure[] = [];
  for (const artifact of ['scalar', 'simd128'] as const) {
    const module = new WebAssembly.Module(readFileSync(await buildReplayer(artifact)));
    const wrong = names.filter((name) => replayed(module, name) !== wanted.get(name));
    figures.push({
      label: `the fuzzer's ${names.length} inputs in wasm, ${artifact}, with overflow checks`,
      value: wrong.length === 0 ? 'as natively, to the bit' : `other: ${wrong.slice(0, 5)}`,
      target: 'no trap, the same bits',
      pass: wrong.length === 0 && names.length > 0,
    });
  }
  return { figures };
}

async function nativeHashes(): Promise<Map<string, string>> {
  const args = ['run', '-q', '--release', '--no-default-features', '--bin', 'hashes'];
  const folders = ['--manifest-path', 'fuzz/Cargo.toml', '--target-dir', target('fuzz-native')];
  const { code, stdout, output } = await cargo([...args, ...folders, '--', CORPUS]);
  if (code !== 0) throw new Error(`the inputs do not run natively\n${tail(output)}`);
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => [line.slice(17), line.slice(0, 16)]));
}

/** What comes of an input in an instance of its own, which a trap would leave unusable. */
function replayed(module: WebAssembly.Module, name: string): string {
  const { feed, run } = new WebAssembly.Instance(module).exports as unknown as Replayer;
  for (const byte of readFileSync(join(CORPUS, name))) feed(byte);
  try {
    return BigInt.asUintN(64, run()).toString(16).padStart(16, '0');
  } catch (error) {
    return String(error);
  }
}

async function buildReplayer(artifact: 'scalar' | 'simd128'): Promise<string> {
  const folder = target(`fuzz-${artifact}`);
  const features = artifacts[artifact].rustc.join(',');
  const args = ['build', '-q', '--release', '--lib', '--no-default-features', '--locked'];
  const env = {
    ...(await wasmEnvironment()),
    RUSTFLAGS: features && `-Ctarget-feature=${features}`,
  };
  const places = ['--target', wasmTarget, '--target-dir', folder];
  execFileSync('cargo', [...args, '--manifest-path', 'fuzz/Cargo.toml', ...places], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return join(folder, wasmTarget, 'release/pocketbit_fuzz.wasm');
}
