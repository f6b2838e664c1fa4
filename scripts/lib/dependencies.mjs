import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './files.mjs';
import { root, run } from './run.mjs';
import { rustEnvironment, versions } from './rust.mjs';
import { readSources } from './sources.mjs';

/**
 * What is used and was made elsewhere.
 * @typedef {object} Dependency
 * @property {string} name
 * @property {string} version
 * @property {string} purl package URL: what names it among all registries
 * @property {string | undefined | null} licence SPDX expression; null where no file here tells it
 * @property {{alg: string, content: string} | undefined} hash of what is fetched, hexadecimal
 * @property {boolean} ships whether it is in what a user gets; the others build, test or train
 * @property {string[]} needs purls
 */

const read = (path) => readFileSync(join(root, path), 'utf8');
const npmUrl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Every dependency that a lockfile, a pinned list or a workflow names, each once. */
export async function allDependencies() {
  const lists = [
    npmDependencies(JSON.parse(read('package-lock.json')), await importedByProducts()),
    ...(await Promise.all([crates('Cargo.toml'), crates('fuzz/Cargo.toml')])),
    pythonDependencies(read('training/requirements.txt')),
    toolDependencies(),
    workflows().flatMap(({ text }) => actionDependencies(text)),
  ];
  const known = new Map();
  for (const one of lists.flat()) {
    const ships = one.ships || Boolean(known.get(one.purl)?.ships);
    known.set(one.purl, { ...one, ships });
  }
  return [...known.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
}

/**
 * The packages that sources of products import: a bundler puts them into what ships, whatever a manifest calls them.
 * @returns {Promise<Set<string>>}
 */
async function importedByProducts() {
  const { scripts } = await readSources();
  const own = scripts.filter(
    ({ path, test }) => !test && /^(packages|apps)\/[^/]+\/src\//.test(path),
  );
  const specifiers = own.flatMap(({ imports }) => imports.map(({ specifier }) => specifier));
  return new Set(
    specifiers.map((name) => /^(@[^/]+\/)?[^/.][^/]*/.exec(name)?.[0]).filter(Boolean),
  );
}

/**
 * @param {{packages: Record<string, any>}} lock package-lock.json of version 3
 * @param {Set<string>} imported names of packages that are bundled
 */
export function npmDependencies({ packages }, imported) {
  const paths = Object.keys(packages).filter(
    (path) => path.includes('node_modules/') && !packages[path].link,
  );
  const shipped = new Set();
  const ship = (path) => {
    if (shipped.has(path)) return;
    shipped.add(path);
    needsOf(packages, path).forEach(ship);
  };
  paths.filter((path) => isShipped(packages, path, imported)).forEach(ship);
  const urlOf = (path) => npmUrl(packages[path].name ?? nameOf(path), packages[path].version);
  return paths.map((path) => ({
    name: packages[path].name ?? nameOf(path),
    version: packages[path].version,
    purl: urlOf(path),
    licence: packages[path].license,
    hash: integrityOf(packages[path].integrity),
    ships: shipped.has(path),
    needs: needsOf(packages, path).map(urlOf),
  }));
}

/** Whether a product installs a package or bundles it; one inside another package is no product's own. */
function isShipped(packages, path, imported) {
  const { dev, devOptional } = packages[path];
  const own = path.split('node_modules/').length === 2;
  return !(dev || devOptional) || (own && imported.has(nameOf(path)));
}

/** Where Node finds what a package needs: in its own folder, or in one above. */
function needsOf(packages, path) {
  const { dependencies = {}, optionalDependencies = {} } = packages[path];
  return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => {
    const folders = path.split('/node_modules/').map((_, i, all) => all.slice(0, i + 1));
    const places = folders.map((parts) => `${parts.join('/node_modules/')}/node_modules/${name}`);
    const found = [...places.reverse(), `node_modules/${name}`].find((place) => packages[place]);
    return found && !packages[found].link ? [found] : [];
  });
}

function integrityOf(integrity) {
  const [alg, content] = integrity?.split('-') ?? [];
  if (!content) return undefined;
  return {
    alg: alg.replace('sha', 'SHA-'),
    content: Buffer.from(content, 'base64').toString('hex'),
  };
}

async function crates(manifest) {
  if (!existsSync(join(root, manifest))) return [];
  const env = await rustEnvironment();
  const args = ['metadata', '--format-version=1', '--locked', '--manifest-path', manifest];
  const { code, stdout, output } = await run('cargo', args, { env });
  if (code !== 0) throw new Error(`cargo ${args.join(' ')} ended with code ${code}\n${output}`);
  return crateDependencies(JSON.parse(stdout), read(manifest.replace('.toml', '.lock')));
}

const crateUrl = ({ name, version }) => `pkg:cargo/${name}@${version}`;

/** @param {any} metadata as `cargo metadata` writes it, and the text of the lockfile beside it */
export function crateDependencies({ packages, resolve }, lock) {
  const byId = new Map(packages.map((one) => [one.id, one]));
  const shipped = compiledIn({ packages, resolve });
  const needs = new Map(resolve.nodes.map(({ id, dependencies }) => [id, dependencies]));
  return packages
    .filter(({ source }) => source)
    .map((one) => ({
      name: one.name,
      version: one.version,
      purl: crateUrl(one),
      licence: one.license?.replace('/', ' OR '),
      hash: checksumOf(lock, one),
      ships: shipped.has(one.id),
      needs: needs.get(one.id).map((id) => crateUrl(byId.get(id))),
    }));
}

/** What is compiled into the engine: build scripts, procedural macros and tests are not. */
function compiledIn({ packages, resolve }) {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const runs = packages.filter(({ targets }) =>
    targets.some(({ kind }) => kind[0] === 'proc-macro'),
  );
  const found = new Set(runs.map(({ id }) => id));
  const visit = (id) => {
    if (found.has(id)) return;
    found.add(id);
    const inside = nodes.get(id).deps.filter(({ dep_kinds }) => dep_kinds.some(isNormal));
    for (const { pkg } of inside) visit(pkg);
  };
  for (const { name, id } of packages) if (name === 'pocketbit-wasm') visit(id);
  for (const { id } of runs) found.delete(id);
  return found;
}

const isNormal = ({ kind }) => kind === null;

function checksumOf(lock, { name, version }) {
  const entry = lock
    .split('[[package]]')
    .find((text) => text.includes(`\nname = "${name}"\nversion = "${version}"\n`));
  const content = /^checksum = "(\w+)"$/m.exec(entry ?? '')?.[1];
  return content && { alg: 'SHA-256', content };
}

/** @param {string} requirements lines of `name==version` */
export function pythonDependencies(requirements) {
  return [...requirements.matchAll(/^([\w.-]+)==([\w.]+)/gm)].map(([, name, version]) =>
    pinned({ name, version, purl: `pkg:pypi/${name.toLowerCase()}@${version}` }),
  );
}

/** What set-up compiles or fetches by a pinned version. */
function toolDependencies() {
  const tools = Object.entries(versions).filter(
    ([name]) => !['node', 'node-llama-cpp'].includes(name),
  );
  return tools.map(([name, version]) =>
    pinned({ name, version, purl: crateUrl({ name, version }), licence: 'MIT OR Apache-2.0' }),
  );
}

const pinned = (one) => ({ licence: null, hash: undefined, ships: false, needs: [], ...one });

/** The workflows and the actions of this repository. */
export function workflows() {
  const files = listFiles(join(root, '.github'), /\.ya?ml$/);
  return files.map((path) => ({
    path: path.slice(root.length + 1),
    text: readFileSync(path, 'utf8'),
  }));
}

/** What workflows and actions `uses:`, however it is quoted and wrapped. */
export function usesOf(text) {
  const uses = /(?:^|[\s{,-])["']?uses["']?\s*:\s*["']?([^\s"',}#]+)/g;
  const uncommented = text.replace(/^\s*#.*$/gm, '');
  return [...uncommented.matchAll(uses)].map(([, used]) => used);
}

function actionDependencies(text) {
  const foreign = usesOf(text).filter((used) => !used.startsWith('.'));
  return foreign.map((used) => {
    const [name, version = ''] = used.split('@');
    return pinned({ name, version, purl: `pkg:github/${name}@${version}` });
  });
}
