// Builds the engine's artifacts into packages/web/wasm: `node scripts/build-wasm.mjs [--force]`.
// wasm-pack compiles and binds each, npm's wasm-opt optimises it, and check-wasm.mjs inspects the result.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { artifacts, wasmFolder } from './lib/artifacts.mjs';
import { filesUnder, fingerprint } from './lib/files.mjs';
import { firstLine, main, must, root, step } from './lib/run.mjs';
import { wasmEnvironment } from './lib/rust.mjs';

const stampFile = join(wasmFolder, '.inputs');

/** Everything the artifacts depend on: the crates, the locked dependencies, the compiler and these scripts. */
async function inputs(env) {
  const files = [
    ...filesUnder(join(root, 'crates'), /\.(rs|toml)$/),
    ...['Cargo.toml', 'Cargo.lock', 'package-lock.json', 'scripts/versions.json'].map((name) =>
      join(root, name),
    ),
    ...['build-wasm', 'lib/artifacts'].map((name) => join(root, `scripts/${name}.mjs`)),
  ];
  return fingerprint(files, [await firstLine('rustc', ['--version'], { env })]);
}

function isFresh(stamp) {
  const outputs = [...Object.keys(artifacts).map((name) => `${name}.wasm`), 'glue.js', 'glue.d.ts'];
  if (
    ![stampFile, ...outputs.map((name) => join(wasmFolder, name))].every((path) => existsSync(path))
  )
    return false;
  return readFileSync(stampFile, 'utf8') === stamp;
}

/** Panic messages carry source paths; without this they would name folders of the building machine. */
function pathFlags(env) {
  const cargoHome = env.CARGO_HOME ?? join(homedir(), '.cargo');
  return [`--remap-path-prefix=${cargoHome}=cargo`, `--remap-path-prefix=${root}=pocketbit`];
}

/** Each artifact has its own target folder: cargo keeps one set of flags per folder, so rebuilds stay incremental. */
async function build(name, env) {
  const { rustc, wasmOpt } = artifacts[name];
  const target = join(root, 'target/wasm', name);
  const bound = join(target, 'bound');
  const features = rustc.length ? [`-Ctarget-feature=${rustc.join(',')}`] : [];
  const flags = [...features, ...pathFlags(env)].join('\x1f');
  const { RUSTFLAGS: _, ...rest } = env;
  const args = [
    'build',
    'crates/wasm',
    '--target',
    'web',
    '--mode',
    'no-install',
    '--no-opt',
    '--no-pack',
  ];
  await must('wasm-pack', [...args, '--out-dir', bound, '--out-name', 'engine', '--', '--locked'], {
    env: { ...rest, CARGO_TARGET_DIR: target, CARGO_ENCODED_RUSTFLAGS: flags },
    show: false,
  });
  const enabled = wasmOpt.map((feature) => `--enable-${feature}`);
  const paths = [join(bound, 'engine_bg.wasm'), '-o', join(wasmFolder, `${name}.wasm`)];
  await must(join(root, 'node_modules/.bin/wasm-opt'), [
    '-O3',
    '--mvp-features',
    ...enabled,
    ...paths,
  ]);
  return bound;
}

/** A view of memory is stale where its buffer is another: the one test that wasm-bindgen writes in two ways. */
const stale = (view) => [
  new RegExp(
    `${view} === null \\|\\| ${view}\\.(byteLength === 0|buffer\\.detached.*\\))(?=\\) \\{)`,
    'g',
  ),
  `${view}?.buffer !== wasm.memory.buffer`,
];

/**
 * What the glue holds for engines that do not take the artifacts or for sizes that do not occur here, and what stands for
 * it. Platform facts: every browser that takes them (Safari from 15) has encodeInto and FinalizationRegistry; Safari's
 * TextDecoder fails after 2 GiB of text, and names and errors are the only text that crosses.
 */
const unneeded = [
  [/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?\n\}\n/gm, ''],
  [/\(typeof FinalizationRegistry === 'undefined'\)\s*\? \{[^}]*\}[^}]*\}\s*\}?\s*: /g, ''],
  [/, wasm\.__wbindgen_realloc\)/g, ')'],
  ['realloc === undefined', 'true'],
  ['numBytesDecoded += len;', ''],
  ['numBytesDecoded >= MAX_SAFARI_DECODE_BYTES', 'false'],
  ...['DataView', 'Float32Array', 'Uint32Array', 'Uint8Array'].map((of) =>
    stale(`cached${of}Memory0`),
  ),
];

/** Text without what is unneeded. A rule that finds nothing is one for another wasm-bindgen. */
function slim(text) {
  return unneeded.reduce((rest, [from, to]) => {
    const without = rest.replaceAll(from, to);
    if (without === rest)
      throw new Error(`wasm-bindgen's glue has no ${from}: see scripts/build-wasm.mjs`);
    return without;
  }, text);
}

/** One page loads any of the artifacts, so they must answer to the same glue. */
function shareGlue(folders) {
  for (const [from, to] of [
    ['engine.js', 'glue.js'],
    ['engine.d.ts', 'glue.d.ts'],
  ]) {
    const texts = folders.map((folder) => readFileSync(join(folder, from), 'utf8'));
    const differs = folders.filter((_, i) => texts[i] !== texts[0]);
    if (differs.length)
      throw new Error(`${from} of ${differs.join(', ')} differs from that of ${folders[0]}`);
    writeFileSync(join(wasmFolder, to), to === 'glue.js' ? slim(texts[0]) : texts[0]);
  }
}

export async function buildWasm({ force = false } = {}) {
  const env = await wasmEnvironment();
  const stamp = await inputs(env);
  if (!force && isFresh(stamp)) return 'up to date';
  mkdirSync(wasmFolder, { recursive: true });
  const folders = await Promise.all(Object.keys(artifacts).map((name) => build(name, env)));
  shareGlue(folders);
  await must(process.execPath, [join(root, 'scripts/check-wasm.mjs')]);
  writeFileSync(stampFile, stamp);
  return Object.keys(artifacts).join(', ');
}

if (process.argv[1] === import.meta.filename) {
  const force = process.argv.includes('--force');
  await main(() => step('wasm artifacts', () => buildWasm({ force })));
}
