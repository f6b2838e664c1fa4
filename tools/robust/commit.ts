import { execFileSync } from 'node:child_process';
import { root } from '../../tests/support/paths.ts';

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** The commit that is tried, with a mark where the sources differ from it. */
export const commit =
  git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') ? '-changed' : '');
