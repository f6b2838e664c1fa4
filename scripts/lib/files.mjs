import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './run.mjs';

const ignored = new Set([
  'node_modules',
  'target',
  'dist',
  'dist-types',
  '.git',
  '.cache',
  '__pycache__',
]);

/**
 * All files under a folder, sorted.
 * @param {string} folder absolute; one that does not exist holds no files
 * @param {RegExp} pattern matched against the file name
 * @param {(name: string) => boolean} enters whether to look inside a folder of this name
 * @returns {string[]} absolute paths
 */
export function listFiles(folder, pattern = /./, enters = () => true) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return enters(entry.name) ? listFiles(path, pattern, enters) : [];
      return pattern.test(entry.name) ? [path] : [];
    })
    .sort();
}

/** Source files under a folder: build outputs and installed packages left out. */
export function filesUnder(folder, pattern) {
  return listFiles(folder, pattern, (name) => !ignored.has(name));
}

/** SHA-256 over the names and bytes of files, and over further strings. */
export function fingerprint(files, extras = []) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  for (const extra of extras) hash.update(`${extra}\0`);
  return hash.digest('hex');
}
