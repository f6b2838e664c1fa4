import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.mjs';
import { readRust } from './rust-source.mjs';
import { readScript } from './script-source.mjs';

const isTest = (path) => /\.test\.\w+$|(^|\/)(test|tests|cases)(\/|\.rs$)/.test(path);

async function gitFiles(...options) {
  const { stdout } = await run('git', ['ls-files', '-z', ...options]);
  return stdout.split('\0').filter((path) => path && existsSync(join(root, path)));
}

/** Paths in git's index. */
export const trackedFiles = () => gitFiles();

/** Every source file of the tree that git does not ignore, read and measured, by language. */
export async function readSources() {
  const paths = await gitFiles('--cached', '--others', '--exclude-standard');
  const read = (pattern, reader) =>
    paths
      .filter((path) => pattern.test(path))
      .map((path) => {
        const text = readFileSync(join(root, path), 'utf8');
        return { path, test: isTest(path), ...reader(path, text) };
      });
  return {
    scripts: read(/\.(ts|mts|mjs|js)$/, readScript),
    rust: read(/\.rs$/, (_, text) => readRust(text)),
    python: read(/\.py$/, (_, text) => readPython(text)),
  };
}

/** Python's functions end where the indentation returns. */
export function readPython(text) {
  const lines = text.split('\n').filter((line) => line.trim() && !line.trim().startsWith('#'));
  const functions = [];
  lines.forEach((line, at) => {
    const head = /^(\s*)(?:async )?def (\w+)/.exec(line);
    if (!head) return;
    const depth = head[1].length;
    const rest = lines
      .slice(at + 1)
      .findIndex((next) => next.search(/\S/) <= depth && !/^\s*\)/.test(next));
    functions.push({ name: head[2], lines: rest < 0 ? lines.length - at : rest + 1, line: at + 1 });
  });
  return { lines: lines.length, functions };
}
