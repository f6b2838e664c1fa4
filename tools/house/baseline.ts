// The commit that nothing observable may differ from, built once and kept in the user's cache.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/lib/cache.mjs';
import { must, run } from '../../scripts/lib/run.mjs';

export const BASELINE = 'e6f4b78';

/** Written last, so a tree is either built or built again. */
const MARK = '.cache/house-built';

/** The folder of the built baseline. The first call takes minutes. Throws where the clone has no such commit. */
export async function baselineTree(): Promise<string> {
  const tree = join(cacheFolder, `baseline-${BASELINE}`);
  if (existsSync(join(tree, MARK))) return tree;
  await checkOut(tree);
  // Vite sets NODE_ENV, and npm would then leave out what builds.
  const options = { cwd: tree, env: { ...process.env, NODE_ENV: undefined }, show: false };
  await must('npm', ['ci', '--no-audit', '--no-fund'], options);
  await must(process.execPath, [join(tree, 'scripts/build.mjs')], options);
  mkdirSync(join(tree, '.cache'), { recursive: true });
  writeFileSync(join(tree, MARK), '');
  return tree;
}

async function checkOut(tree: string): Promise<void> {
  if (existsSync(join(tree, 'package.json'))) return;
  if (!(await hasCommit(BASELINE))) {
    throw new Error(`this clone has no commit ${BASELINE}; run \`git fetch --unshallow\``);
  }
  await run('git', ['worktree', 'prune']);
  await must('git', ['worktree', 'add', '--detach', tree, BASELINE], { show: false });
}

/** Whether this clone holds the commit. */
export async function hasCommit(commit: string): Promise<boolean> {
  return (await run('git', ['cat-file', '-e', `${commit}^{commit}`])).code === 0;
}
