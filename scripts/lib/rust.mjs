import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { firstLine, root, run } from './run.mjs';

export const wasmTarget = 'wasm32-unknown-unknown';

/** Pinned versions of what setup installs. */
export const versions = JSON.parse(readFileSync(join(root, 'scripts/versions.json'), 'utf8'));

/** Folder of a pinned cargo-installed tool; the version is in its name, so an upgrade cannot meet an old binary. */
export function toolFolder(name) {
  return join(cacheFolder, 'tools', `${name}-${versions[name]}`);
}

/** The environment with `folders` first on PATH. */
export function withPath(folders, env = process.env) {
  return { ...env, PATH: [...folders, env.PATH].join(delimiter) };
}

/** The toolchain that rust-toolchain.toml asks of rustup. */
export const toolchain = /^channel = "(.+)"$/m.exec(
  readFileSync(join(root, 'rust-toolchain.toml'), 'utf8'),
)[1];

/** rustup's toolchains, the default one marked; null without rustup. Asks no server, as any other command may. */
export async function rustupToolchains(env) {
  const { code, stdout } = await run('rustup', ['toolchain', 'list'], { env });
  if (code !== 0) return null;
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => ({ name: line.split(' ')[0], isDefault: /\(.*default/.test(line) }));
}

/** Where rustup has not got the toolchain of the file, its default one serves: RUSTUP_TOOLCHAIN goes before the file. */
async function withToolchain(env) {
  if (env.RUSTUP_TOOLCHAIN) return env;
  const found = (await rustupToolchains(env)) ?? [];
  if (found.some(({ name }) => name.startsWith(`${toolchain}-`))) return env;
  const usual = found.find(({ isDefault }) => isDefault);
  return usual ? { ...env, RUSTUP_TOOLCHAIN: usual.name } : env;
}

/**
 * Where Rust may live: the PATH as it is (rustup or a distribution), rustup's default folder, and /usr/bin, because a
 * rustup ahead on PATH hides Debian's rustc, which may be the only one with wasm32.
 */
function candidates() {
  return Promise.all(paths().map(withToolchain));
}

function paths() {
  const cargoHome = process.env.CARGO_HOME ?? join(process.env.HOME ?? '', '.cargo');
  const rustup = join(cargoHome, 'bin');
  return [process.env, withPath([rustup]), withPath(['/usr/bin'])];
}

/** Whether this rustc has a standard library for wasm32: `--print target-libdir` names the folder, there or not. */
export async function hasWasm(env) {
  const folder = await firstLine('rustc', ['--target', wasmTarget, '--print', 'target-libdir'], {
    env,
  });
  return Boolean(
    folder && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('libstd-')),
  );
}

async function hasRust(env) {
  return (await firstLine('cargo', ['--version'], { env })) !== null;
}

/**
 * The environment to call cargo in, or null without Rust. A toolchain that can compile to wasm32 comes first, so that
 * native tests and wasm artifacts come from one compiler.
 * @returns {Promise<{env: NodeJS.ProcessEnv, wasm: boolean, version: string} | null>}
 */
export async function findRust() {
  let plain = null;
  for (const env of await candidates()) {
    if (!(await hasRust(env))) continue;
    const found = {
      env,
      wasm: await hasWasm(env),
      version: await firstLine('rustc', ['--version'], { env }),
    };
    if (found.wasm) return found;
    plain ??= found;
  }
  return plain;
}

/** The environment for building wasm: a wasm32 toolchain and the pinned tools; throws, saying what to run, without. */
export async function wasmEnvironment() {
  const rust = await findRust();
  if (!rust?.wasm)
    throw new Error('no Rust with wasm32-unknown-unknown found; run `npm run setup`');
  return withPath(
    ['wasm-bindgen-cli', 'wasm-pack'].map((name) => join(toolFolder(name), 'bin')),
    rust.env,
  );
}

/** The environment of cargo for native work. */
export async function rustEnvironment() {
  const rust = await findRust();
  if (!rust) throw new Error('cargo not found; run `npm run setup`');
  return rust.env;
}

/** The environment in which `cargo fmt` and `cargo clippy` both run, one with wasm32 first; null where none does. */
export async function findLinters() {
  const able = [];
  for (const env of await candidates()) {
    const versions = [
      ['fmt', '--version'],
      ['clippy', '--version'],
    ].map((args) => firstLine('cargo', args, { env }));
    if ((await Promise.all(versions)).every(Boolean)) able.push({ env, wasm: await hasWasm(env) });
  }
  return able.find(({ wasm }) => wasm) ?? able[0] ?? null;
}
