import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { circlesOf } from '../lib/graph.mjs';
import { packageRules } from '../lib/house.mjs';
import { root } from '../lib/run.mjs';
import { crateEdges, crateSources } from '../lib/rust-modules.mjs';

const isProduct = ({ path, test }) => !test && /^(packages|apps)\/[^/]+\/src\//.test(path);

/**
 * Circles of imports in product code: of TypeScript by every kind of import, those of types too, of Rust by what a file
 * uses of another's definitions.
 * @param {{scripts: object[], rust: object[]}} sources as `readSources` gives them
 * @returns {{problems: string[], note: string}}
 */
export function circleProblems({ scripts, rust }) {
  const product = scripts.filter(isProduct);
  const files = rust.map(({ path }) => path).filter((path) => /^crates\/[^/]+\/src\//.test(path));
  const crates = [...crateSources(files).values()].map((paths) => paths.map(readFile));
  const edges = [...scriptEdges(product), ...crates.flatMap(crateEdges)];
  return {
    problems: describeCircles(edges),
    note: `${product.length} TypeScript and ${files.length} Rust files`,
  };
}

function readFile(path) {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** Who imports whom among the files. */
export function scriptEdges(files) {
  const known = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path, imports }) =>
    imports.flatMap(({ specifier, line }) => {
      const to = resolve(path, specifier);
      return known.has(to) && to !== path ? [{ from: path, to, line, name: specifier }] : [];
    }),
  );
}

function resolve(path, specifier) {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  const rule = packageRules.find(({ name }) => name === specifier);
  return rule ? `${rule.folder}/src/index.ts` : null;
}

/** One problem for each circle: its files, and the imports among them. */
export function describeCircles(edges) {
  const graph = new Map();
  for (const { from, to } of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return circlesOf(graph).map((members) => {
    const inside = edges.filter(({ from, to }) => members.includes(from) && members.includes(to));
    const first = new Map(inside.toReversed().map((edge) => [`${edge.from} ${edge.to}`, edge]));
    const lines = [...first.values()].map(
      ({ from, to, line, name }) => `  ${from}:${line} ${name} of ${to}`,
    );
    return [`circle of ${members.length}: ${members.join(', ')}`, ...lines.sort()].join('\n');
  });
}
