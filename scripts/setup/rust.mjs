import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../lib/cache.mjs';
import { must, root, run } from '../lib/run.mjs';
import {
  findLinters,
  findRust,
  rustupToolchains,
  toolchain,
  toolFolder,
  wasmTarget,
} from '../lib/rust.mjs';
import { aptCommand, aptInstall } from './apt.mjs';

const day = 24 * 3600 * 1000;
const rustupFailure = join(cacheFolder, 'rustup-failed.json');

/** A Rust that compiles to wasm32: rustup's as pinned, else what is there, else Debian's source package. */
export async function provideRust() {
  await rustupAddsToolchain();
  const present = await findRust();
  if (present?.wasm) return present.version;
  if (present && (await rustupAdds(['target', 'add', wasmTarget], present.env)))
    return `${present.version}, ${wasmTarget} added by rustup`;
  if (process.getuid?.() !== 0 || !aptCommand()) {
    const found = present ? `${present.version} has no ${wasmTarget}` : 'no Rust found';
    throw new Error(
      `${found}: install Rust from https://rustup.rs, then \`rustup target add ${wasmTarget}\``,
    );
  }
  await must('bash', [join(root, 'scripts/wasm-sysroot.sh')]);
  const built = await findRust();
  if (!built?.wasm)
    throw new Error(`rustc does not find the ${wasmTarget} library that was just installed`);
  return `${built.version}, ${wasmTarget} built from Debian's sources`;
}

/**
 * Tries rustup once a day at most: without its server the attempt only costs time. Where Debian's packages can stand in
 * it gets 40 seconds, elsewhere five minutes.
 */
async function rustupAdds(args, env) {
  if (!(await rustupToolchains(env)) || failedRecently()) return false;
  console.log(`  rustup ${args.join(' ')}`);
  const timeoutMs = aptCommand() ? 40_000 : 300_000;
  const { code, output } = await run('rustup', args, { env, timeoutMs });
  if (code === 0 && (await findRust())?.wasm) return true;
  const reason = /^error: .*/m.exec(output)?.[0] ?? `code ${code}`;
  console.log(`  rustup could not: ${reason}`);
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(rustupFailure, JSON.stringify({ at: Date.now() }));
  return false;
}

/** The toolchain of rust-toolchain.toml with its parts, where there is a rustup without it. */
async function rustupAddsToolchain() {
  const { env } = (await findRust()) ?? process;
  const found = await rustupToolchains(env);
  if (!found || found.some(({ name }) => name.startsWith(`${toolchain}-`))) return;
  const parts = ['--profile', 'minimal', '-c', 'rustfmt', '-c', 'clippy', '-t', wasmTarget];
  await rustupAdds(['toolchain', 'install', toolchain, ...parts], env);
}

function failedRecently() {
  if (!existsSync(rustupFailure)) return false;
  return Date.now() - JSON.parse(readFileSync(rustupFailure, 'utf8')).at < day;
}

/** The tools run for a second; compiling them is most of a first set-up, so they are barely optimised. */
const quickBuild = { CARGO_PROFILE_RELEASE_OPT_LEVEL: '1', CARGO_PROFILE_RELEASE_DEBUG: '0' };

/**
 * wasm-bindgen's command and wasm-pack, built from crates.io into the user's cache. Their npm packages and wasm-pack's
 * own installer fetch binaries from GitHub, which not every machine reaches.
 */
export async function provideTools() {
  const rust = await findRust();
  const notes = [];
  for (const name of ['wasm-bindgen-cli', 'wasm-pack'])
    notes.push(await provideTool(name, rust.env));
  return notes.join(', ');
}

async function provideTool(name, env) {
  const folder = toolFolder(name);
  const version = folder.slice(folder.lastIndexOf('-') + 1);
  if (existsSync(join(folder, '.crates.toml'))) return `${name} ${version}`;
  console.log(`  cargo install ${name} ${version}, a few minutes`);
  const args = [
    'install',
    '--quiet',
    '--locked',
    '--root',
    folder,
    name,
    '--version',
    `=${version}`,
  ];
  await must('cargo', args, { env: { ...env, ...quickBuild }, show: false });
  return `${name} ${version} built`;
}

/** rustfmt and clippy, wherever they are; rustup's component or Debian's package where not. */
export async function provideLinters() {
  if (await findLinters()) return 'rustfmt, clippy';
  const rust = await findRust();
  await run('rustup', ['component', 'add', 'rustfmt', 'clippy'], {
    env: rust.env,
    timeoutMs: 60_000,
  });
  if (await findLinters()) return 'rustfmt, clippy added by rustup';
  await aptInstall(['rustfmt-web', 'rust-web-clippy']);
  if (await findLinters()) return 'rustfmt, clippy from Debian';
  throw new Error('rustfmt and clippy not found: `rustup component add rustfmt clippy`');
}
