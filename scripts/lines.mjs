// Code lines by what they are for, comments and blank lines left out: `node scripts/lines.mjs`.
import { workshops } from './lib/house.mjs';
import { readSources } from './lib/sources.mjs';

/** A test of a product counts as a test; the top's configuration as a script. */
function kindOf({ path, test }) {
  const [top] = path.split('/');
  if (workshops.includes(top)) return top;
  if (!path.includes('/')) return 'scripts';
  return test ? 'tests' : 'product';
}

const sources = Object.values(await readSources()).flat();
const sums = new Map(['product', ...workshops].map((kind) => [kind, { lines: 0, files: 0 }]));
for (const source of sources) {
  const sum = sums.get(kindOf(source));
  sum.lines += source.lines;
  sum.files++;
}
for (const [kind, { lines, files }] of sums) console.log(`${kind}: ${lines} in ${files} files`);
const of = (...kinds) => kinds.reduce((total, kind) => total + sums.get(kind).lines, 0);
console.log(
  `tests, tools and scripts over the product: ${(of('tests', 'tools', 'scripts') / of('product')).toFixed(2)}`,
);
