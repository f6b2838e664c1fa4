import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseSync } from 'vite';
import { artifacts } from './artifacts.mjs';
import { budgets } from './budgets.mjs';
import { listFiles } from './files.mjs';
import { root } from './run.mjs';
import { gzipSize } from './wasm-module.mjs';

/** The chunk with the tokenizers and @huggingface/jinja, loaded with the first model; outside the budget. */
const textChunk = /^text\b.*\.js$/;

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const gzipped = (files) => files.reduce((sum, file) => sum + gzipSize(readFileSync(file)), 0);

/** A script and every script it imports at once; the worker and lazy chunks are not among them. */
function withImports(file, found = new Set()) {
  if (!existsSync(file) || found.has(file)) return [...found];
  found.add(file);
  const { staticImports } = parseSync(file, readFileSync(file, 'utf8')).module;
  for (const { moduleRequest } of staticImports) {
    withImports(join(dirname(file), moduleRequest.value), found);
  }
  return [...found];
}

/** What is weighed: the files of one product and the most they may weigh together after gzip -9. */
function products(tree) {
  const web = join(tree, 'packages/web');
  const runtime = listFiles(join(web, 'dist'), /\.js$/).filter(
    (path) => !textChunk.test(basename(path)),
  );
  const loader = withImports(join(tree, 'packages/embed/dist/pocketbit-embed.js'));
  const engines = Object.keys(artifacts).map((name) => join(web, `wasm/${name}.wasm`));
  return [
    ...engines.map((path) => ({
      name: basename(path),
      files: [path].filter(existsSync),
      max: budgets.wasm,
    })),
    { name: 'pocketbit without text chunk', files: runtime, max: budgets.runtime },
    { name: 'embed loader', files: loader, max: budgets.embedLoader },
  ];
}

/** Every product of a built tree: its files, their size after gzip -9 and what they may weigh, bytes. */
export function weigh(tree = root) {
  return products(tree).map((product) => ({ ...product, size: gzipped(product.files) }));
}

/** Every product's size beside its budget. Something not built is a problem: an unmeasured budget is not kept. */
export async function sizeReport() {
  const weighed = weigh();
  const problems = weighed.flatMap(({ name, files, max, size }) => {
    if (files.length === 0) return [`${name}: not built, run \`npm run build\``];
    return size > max ? [`${name}: ${kilobytes(size)} gzipped, at most ${kilobytes(max)}`] : [];
  });
  const note = weighed
    .map(({ name, size, max }) => `${name} ${kilobytes(size)} of ${kilobytes(max)}`)
    .join(', ');
  return { problems, note };
}
