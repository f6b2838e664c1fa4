// The files of a Rust crate and which uses what another one defines, from its text alone: paths are resolved through
// modules, imports and re-exports to the file that holds the definition.
import { posix } from 'node:path';
import { blank, lineAt } from './lines.mjs';
import { readRust, withoutTests } from './rust-source.mjs';

const ITEM =
  /\b(?:fn|struct|enum|trait|type|const|static|union|macro_rules!)\s+(?:mut\s+)?(?:r#)?([A-Za-z_]\w*)/g;
const USE = /(\bpub(?:\s*\([^)]*\))?\s+)?\buse\s+([^;]+);/g;
const INLINE_MODULE = /\bmod\s+(\w+)\s*\{/g;
const PATH = /(?<![\w:.])[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+/g;

/**
 * @typedef {{path: string[], text: string}} Module
 * @param {{path: string, text: string}[]} files of one crate's src, their paths from the repository's top
 * @returns {{from: string, to: string, line: number, name: string}[]} who uses a definition of whom
 */
export function crateEdges(files) {
  const crate = readCrate(files);
  return files.flatMap(({ path }) => fileEdges(crate, path));
}

/** Modules by their name, `a::b`; each with what it defines and imports. */
function readCrate(files) {
  const crate = { modules: new Map(), macros: new Map(), codes: new Map() };
  const src = `${files[0].path.split('/src/')[0]}/src/`;
  for (const { path, text } of files) {
    const code = withoutTests(readRust(text).code).replace(/\bpub\s*\(in [^)]*\)/g, (found) =>
      found.replace(/\(in [^)]*/, (inner) => `(crate${' '.repeat(inner.length - 6)}`),
    );
    const name = moduleName(path.slice(src.length));
    crate.codes.set(path, { name, code });
    for (const part of partsOf(code, name)) crate.modules.set(part.name, { file: path, ...part });
    for (const [, macro] of code.matchAll(/\bmacro_rules!\s+(\w+)/g)) crate.macros.set(macro, path);
  }
  return crate;
}

function moduleName(path) {
  const parts = path.replace(/\.rs$/, '').split('/');
  if (['lib', 'main', 'mod'].includes(parts.at(-1))) parts.pop();
  return parts.join('::');
}

/** The module of a file and those that stand inside it, the inner ones blanked in the outer. */
function partsOf(code, name) {
  const inner = [...code.matchAll(INLINE_MODULE)].map(({ index, 0: head, 1: own }) => {
    const start = index + head.length;
    return { own, start, end: closingBrace(code, start) };
  });
  const outer = inner.filter((a) => !inner.some((b) => b.start < a.start && a.end < b.end));
  const nested = outer.flatMap(({ own, start, end }) => {
    const around = [
      { start: 0, end: start },
      { start: end, end: code.length },
    ];
    return partsOf(blank(code, around), join(name, own));
  });
  return [{ name, ...readModule(blank(code, outer)) }, ...nested];
}

function closingBrace(code, from) {
  let depth = 1;
  for (let at = from; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return at;
  }
  return code.length;
}

const join = (...names) => names.filter(Boolean).join('::');

function readModule(code) {
  const uses = [...code.matchAll(USE)];
  const ranges = uses.map(({ index, 0: all }) => ({ start: index, end: index + all.length }));
  const body = blank(code, ranges);
  const imports = uses.flatMap(({ index, 1: published, 2: tree }) =>
    leavesOf(tree.replace(/\s+as\s+/g, '@').replace(/\s+/g, '')).map((leaf) => ({
      ...leaf,
      at: index,
      published: Boolean(published),
    })),
  );
  return { body, imports, items: topItems(body) };
}

/** `a::{b, c::{self, d@e}}` as its single paths, each with the name it gets here. */
function leavesOf(tree, before = []) {
  const brace = tree.indexOf('{');
  if (brace < 0) return [leafOf([...before, ...tree.replace(/^::/, '').split('::')])];
  const head = tree.slice(0, brace).split('::').filter(Boolean);
  return splitList(tree.slice(brace + 1, tree.lastIndexOf('}'))).flatMap((part) =>
    leavesOf(part, [...before, ...head]),
  );
}

function leafOf(segments) {
  const [last, alias] = segments.at(-1).split('@');
  const path = [
    ...segments.slice(0, -1),
    ...(last === 'self' && segments.length > 1 ? [] : [last]),
  ];
  return { path, name: alias ?? path.at(-1) };
}

function splitList(text) {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.filter(Boolean);
}

/** Names of items that stand outside every brace. */
function topItems(body) {
  let depth = 0;
  let top = '';
  for (const character of body) {
    if (character === '}') depth--;
    top += depth === 0 || character === '\n' ? character : ' ';
    if (character === '{') depth++;
  }
  return new Set([...top.matchAll(ITEM)].map(([, name]) => name));
}

function fileEdges(crate, file) {
  const own = [...crate.modules.values()].filter((module) => module.file === file);
  const edges = [];
  const add = (target, at, name) => {
    if (!target || target === file) return;
    const line = lineAt(crate.codes.get(file).code, at);
    edges.push({ from: file, to: target, line, name });
  };
  for (const module of own) {
    for (const leaf of module.imports) importEdges(crate, module, leaf, add);
    for (const { index, 0: path } of module.body.matchAll(PATH)) {
      add(definer(crate, module.name, path.split('::')), index, path);
    }
    for (const { index, 1: name } of module.body.matchAll(/(?<![\w:])(\w+)!\s*[({[]/g))
      add(crate.macros.get(name), index, `${name}!`);
  }
  return edges;
}

/** An import counts for the file that defines the name; one that only passes it on counts where it is used here too. */
function importEdges(crate, module, { path, name, at, published }, add) {
  const used = (word) => new RegExp(`(?<![\\w.])${word}\\b`).test(module.body);
  if (name === '*') {
    for (const [word, target] of namesIn(crate, module.name, path.slice(0, -1)))
      if (used(word)) add(target, at, word);
    return;
  }
  if (!published || used(name)) add(definer(crate, module.name, path), at, path.join('::'));
}

/** The names a glob brings in, each with the file that defines it. */
function namesIn(crate, from, path, seen = new Set()) {
  const target = walk(crate, from, path, seen);
  const module = target?.module !== undefined && crate.modules.get(target.module);
  if (!module || seen.has(module)) return [];
  seen.add(module);
  return [
    ...[...module.items].map((name) => [name, module.file]),
    ...module.imports.flatMap((leaf) =>
      leaf.name === '*'
        ? namesIn(crate, module.name, leaf.path.slice(0, -1), seen)
        : [[leaf.name, definer(crate, module.name, leaf.path)]],
    ),
  ];
}

/** The file that defines what a path means in a module; null for a module, a foreign crate and a local name. */
function definer(crate, from, path) {
  return walk(crate, from, path, new Set())?.file ?? null;
}

/** Where a path leads: a module, or the file of an item. */
function walk(crate, from, [first, ...rest], seen) {
  if (first === 'crate') return follow(crate, '', rest, seen);
  if (first === 'self') return follow(crate, from, rest, seen);
  if (first === 'super') return follow(crate, parentOf(from), rest, seen);
  const found = lookUp(crate, from, first, seen);
  return found?.module === undefined ? found : follow(crate, found.module, rest, seen);
}

const parentOf = (name) => name.split('::').slice(0, -1).join('::');

function follow(crate, module, [first, ...rest], seen) {
  if (first === undefined) return { module };
  if (first === 'super') return follow(crate, parentOf(module), rest, seen);
  if (first === 'self') return follow(crate, module, rest, seen);
  const found = lookUp(crate, module, first, seen);
  return found?.module === undefined ? found : follow(crate, found.module, rest, seen);
}

/** What a name means in a module: a child, an item of its own, something imported. */
function lookUp(crate, name, word, seen) {
  const module = crate.modules.get(name);
  const key = `${name} ${word}`;
  if (!module || seen.has(key)) return null;
  seen.add(key);
  if (crate.modules.has(join(name, word))) return { module: join(name, word) };
  if (module.items.has(word)) return { file: module.file };
  if (name === '' && crate.macros.has(word)) return { file: crate.macros.get(word) };
  const leaf = module.imports.find((each) => each.name === word);
  if (leaf) return walk(crate, name, leaf.path, seen);
  for (const glob of module.imports.filter((each) => each.name === '*')) {
    const target = walk(crate, name, glob.path.slice(0, -1), new Set(seen));
    const found = target?.module !== undefined && lookUp(crate, target.module, word, seen);
    if (found) return found;
  }
  return null;
}

/** Crates by their folder: the Rust files of each one's src. */
export function crateSources(paths) {
  const found = new Map();
  for (const path of paths) {
    const [, folder] = /^(crates\/[^/]+)\/src\//.exec(path) ?? [];
    if (folder) found.set(folder, [...(found.get(folder) ?? []), posix.normalize(path)]);
  }
  return found;
}
