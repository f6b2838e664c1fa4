import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../scripts/lib/run.mjs';
import { toolchain as pinned } from '../../scripts/lib/rust.mjs';
import { cargo, lacks, llvmTools, type Part, tail, target } from './cargo.ts';

const FOLDER = target('coverage');
const toolchain = pinned ?? '';
/** Seconds each without the sanitizer; what they reach, the others reach. */
const SKIPPED = ['models_of_random', 'any_numbers'];
const MIN_PERCENT = 90;

/** Lines of crates/kernels and crates/model that their native tests run. What is compiled for wasm alone is none. */
export async function lineCoverage(): Promise<Part> {
  const lack = await lacks('llvm-tools', toolchain);
  if (lack) return { figures: [], missing: [`line coverage: ${lack}`] };
  const profiles = join(FOLDER, 'profiles');
  rmSync(profiles, { recursive: true, force: true });
  const skipped = SKIPPED.flatMap((name) => ['--skip', name]);
  const args = ['test', '-p', 'pocketbit-kernels', '-p', 'pocketbit-model', '--tests'];
  const ran = await cargo([...args, '--target-dir', FOLDER, '--', ...skipped], {
    RUSTFLAGS: '-Cinstrument-coverage',
    LLVM_PROFILE_FILE: join(profiles, '%p-%m.profraw'),
    RUSTUP_TOOLCHAIN: toolchain,
  });
  if (ran.code !== 0) throw new Error(`the tests fail under coverage\n${tail(ran.output)}`);
  const binaries = [...ran.output.matchAll(/Running .* \((\S+)\)/g)].map(([, path]) => path!);
  const percent = await percentOf(profiles, binaries);
  return {
    figures: [
      {
        label: 'Rust lines that native tests run',
        value: percent.map(([name, share]) => `${name} ${share.toFixed(1)} %`).join(', '),
        target: `≥ ${MIN_PERCENT} % of all`,
        pass: percent.every(([name, share]) => name !== 'all' || share >= MIN_PERCENT),
      },
    ],
  };
}

async function percentOf(profiles: string, binaries: string[]): Promise<[string, number][]> {
  const tools = await llvmTools(toolchain);
  const merged = join(FOLDER, 'merged.profdata');
  const raw = readdirSync(profiles).map((name) => join(profiles, name));
  const merge = await run(join(tools, 'llvm-profdata'), ['merge', '-sparse', ...raw, '-o', merged]);
  if (merge.code !== 0) throw new Error(`llvm-profdata: ${tail(merge.output)}`);
  const [first = '', ...rest] = binaries;
  const objects = [first, ...rest.flatMap((path) => ['-object', path])];
  const exported = await run(join(tools, 'llvm-cov'), [
    ...['export', '-summary-only', `-instr-profile=${merged}`, ...objects],
    '-ignore-filename-regex=(/\\.cargo/|/rustc/|/tests/|/cases/)',
  ]);
  if (exported.code !== 0) throw new Error(`llvm-cov: ${tail(exported.output)}`);
  return shares(exported.stdout);
}

interface Exported {
  readonly data: readonly {
    readonly files: readonly {
      readonly filename: string;
      readonly summary: { readonly lines: { readonly count: number; readonly covered: number } };
    }[];
  }[];
}

function shares(text: string): [string, number][] {
  const files = (JSON.parse(text) as Exported).data.flatMap((one) => one.files);
  const share = (inside: string): number => {
    const own = files.filter(({ filename }) => filename.startsWith(join(root, inside)));
    const sum = (of: 'count' | 'covered') =>
      own.reduce((all, { summary }) => all + summary.lines[of], 0);
    return (100 * sum('covered')) / sum('count');
  };
  return [
    ['kernels', share('crates/kernels')],
    ['model', share('crates/model')],
    ['all', share('crates')],
  ];
}
