import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import {
  crateOrder,
  environmentGlobals,
  packageRules,
  pageCrates,
  wasmReaders,
  workshops,
} from '../lib/house.mjs';

const inside = (path, folder) => path === folder || path.startsWith(`${folder}/`);
const ruleOf = (path) => packageRules.find(({ folder }) => inside(path, folder));
const isTest = (path) => /\.test\.\w+$|(^|\/)(test|tests)\//.test(path);
const isConfig = (path) => /\.config\.\w+$/.test(path);

/**
 * The one-way rule for TypeScript: what one file names, against who may name whom.
 * @param {string} path of the file, from the repository's top
 * @param {{imports: {specifier: string, line: number}[], globals: {name: string, line: number}[]}} source
 * @returns {string[]} one line for each breach
 */
export function scriptBreaches(path, { imports, globals }) {
  const breaches = imports.map(({ specifier, line }) => {
    const reason = importBreach(path, specifier);
    return reason && `${path}:${line} names ${specifier}: ${reason}`;
  });
  const own = ['packages/core', 'packages/engine'].find((folder) => inside(path, folder));
  if (own && !isTest(path)) {
    const foreign = globals.filter(({ name }) => environmentGlobals.has(name));
    breaches.push(
      ...foreign.map(
        ({ name, line }) => `${path}:${line} uses ${name}: ${own} knows no environment`,
      ),
    );
  }
  return breaches.filter(Boolean);
}

function importBreach(path, specifier) {
  if (specifier.startsWith('.'))
    return folderBreach(path, posix.join(posix.dirname(path), specifier));
  if (isBuiltin(specifier)) return builtinBreach(path);
  const named = packageRules.find(({ name }) => name && inside(specifier, name));
  return named ? packageBreach(path, named.folder) : null;
}

function builtinBreach(path) {
  const mayUseNode = ['packages/cli', ...workshops].some((folder) => inside(path, folder));
  const isTopLevel = !path.includes('/');
  return mayUseNode || isTopLevel || isTest(path) || isConfig(path) ? null : 'no Node here';
}

function folderBreach(path, target) {
  if (inside(target, 'crates') || inside(target, 'target'))
    return 'TypeScript reaches Rust through packages/web/wasm';
  if (inside(target, 'packages/web/wasm')) {
    return wasmReaders.some((folder) => inside(path, folder))
      ? null
      : 'only the runtime loads the engine';
  }
  if (workshops.some((folder) => inside(target, folder))) return workshopBreach(path);
  const rule = ruleOf(target);
  return rule ? packageBreach(path, rule.folder) : null;
}

function workshopBreach(path) {
  const mayName = isTest(path) || isConfig(path) || !/^(packages|apps)\//.test(path);
  return mayName ? null : 'a product needs no tests, tools or scripts';
}

function packageBreach(path, folder) {
  const own = ruleOf(path);
  if (inside(folder, 'apps') && own?.folder !== folder) return 'nothing names an app';
  const allowed = !own || own.folder === folder || own.may.includes(folder);
  return allowed ? null : `${own.folder} may not name ${folder}`;
}

/**
 * The one-way rule for crates.
 * @param {{name: string, dependencies: {name: string, kind: string | null}[]}} crate as `cargo metadata` describes it
 */
export function crateBreaches({ name, dependencies }) {
  if (!crateOrder.includes(name)) return [];
  const reasons = dependencies
    .filter(({ kind }) => kind !== 'dev')
    .map((dependency) => crateBreach(name, dependency.name));
  return reasons.filter(Boolean).map((reason) => `crate ${name}: ${reason}`);
}

function crateBreach(name, dependency) {
  if (pageCrates.includes(dependency)) return `${dependency} would let Rust see the page`;
  if (/^(js-sys|wasm-bindgen)/.test(dependency) && name !== 'pocketbit-wasm') {
    return `${dependency} belongs to pocketbit-wasm`;
  }
  if (crateOrder.includes(dependency)) {
    const isLeft = crateOrder.indexOf(dependency) < crateOrder.indexOf(name);
    return isLeft ? null : `may not name ${dependency}, which stands to its right`;
  }
  return name === 'pocketbit-kernels'
    ? `may not depend on ${dependency}: kernels depend on nothing`
    : null;
}

/** `unsafe` outside the crate that may hold it, and unsafe blocks that no SAFETY comment explains. */
export function unsafeBreaches(path, { code, unsafes }) {
  const mayHold = inside(path, 'crates/kernels');
  if (!mayHold && /\bunsafe\b/.test(code)) return [`${path}: unsafe belongs to crates/kernels`];
  const bare = unsafes.filter(({ explained }) => !explained);
  return bare.map(({ line }) => `${path}:${line}: unsafe without a SAFETY comment above`);
}
