// What an addition costs: the product files that the commits which made it touched.
import { run } from '../../scripts/lib/run.mjs';
import { bounded, type Check, type Figure } from '../lib/report.ts';
import { hasCommit } from './baseline.ts';

interface Addition {
  readonly name: string;
  /** Product files at most. */
  readonly max: number;
  /** The commits that make it, in order; none until it is made. */
  readonly commits: readonly string[];
}

const ADDITIONS: readonly Addition[] = [
  { name: 'Q4_1, a type of rows', max: 2, commits: ['305652f'] },
  { name: 'a packed type', max: 4, commits: ['daa8ebf'] },
  { name: 'a command of the worker', max: 3, commits: ['3e1b525'] },
];

/** What is no product: tests, their support and fixtures, generators, documents, what a program wrote. */
const APART = [
  /(^|\/)(tests?|fixtures|cases)\//,
  /\.test\.\w+$/,
  /^crates\/[^/]+\/src\/cases(\/|\.rs$)/,
  /^(tools|scripts|training)\//,
  /\.md$/,
  /^(package-lock\.json|Cargo\.lock)$/,
];

const isProduct = (path: string) => !APART.some((pattern) => pattern.test(path));

export const touched: Check = {
  title: 'product files that an addition touches, by the commits that make it',
  async run({ note }) {
    const figures: Figure[] = [];
    for (const addition of ADDITIONS) figures.push(await figureOf(addition, note));
    return figures;
  },
};

async function figureOf({ name, max, commits }: Addition, note: (text: string) => void) {
  const missing = await missingOf(commits);
  if (missing) {
    return { label: name, value: missing, target: `≤ ${max} files`, pass: false };
  }
  const paths = new Set<string>();
  for (const commit of commits) {
    const files = await filesOf(commit);
    note(`${commit} ${name}: ${files.filter(isProduct).join(', ')}`);
    note(`  beside it: ${files.filter((path) => !isProduct(path)).join(', ') || 'nothing'}`);
    for (const path of files.filter(isProduct)) paths.add(path);
  }
  return bounded(`${name}: ${[...paths].join(', ')}`, paths.size, { max }, (n) => `${n} files`);
}

/** Why it cannot be counted; null where it can. */
async function missingOf(commits: readonly string[]): Promise<string | null> {
  if (commits.length === 0) return 'no commit is named in tools/house/touched.ts';
  for (const commit of commits) {
    if (!(await hasCommit(commit)))
      return `this clone has no commit ${commit}; run \`git fetch --unshallow\``;
  }
  return null;
}

async function filesOf(commit: string): Promise<string[]> {
  const args = ['show', '--format=', '--name-only', '--no-renames', '-z', commit];
  const { stdout } = await run('git', args);
  return stdout.split('\0').filter(Boolean);
}
