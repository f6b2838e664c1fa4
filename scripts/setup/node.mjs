import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, root, run } from '../lib/run.mjs';
import { versions } from '../lib/rust.mjs';

/** Vite and Vitest need this Node; an older one fails later and less clearly. */
export function checkNode() {
  if (process.platform === 'win32')
    throw new Error('Windows is served through WSL; run this inside it');
  const found = process.versions.node;
  if (compare(found, versions.node) < 0) {
    throw new Error(`Node ${found} found, ${versions.node} or newer needed: https://nodejs.org`);
  }
  return found;
}

function compare(a, b) {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  const at = left.findIndex((part, i) => part !== right[i]);
  return at < 0 ? 0 : left[at] - right[at];
}

/** `npm ci`, unless everything the lockfile names is there already. */
export async function installPackages() {
  const missing = missingModules();
  if (missing.length === 0) return 'up to date';
  console.log(`  npm ci (${missing.length} packages missing or of another version)`);
  // The tools are development packages, which NODE_ENV=production would leave out.
  // No package's own script runs: none of them is needed for what they install.
  const options = [
    '--include=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const { code, output } = await run('npm', ['ci', ...options]);
  if (code === 0) return 'installed';
  if (!output.includes('EUSAGE')) throw new Error(`npm ci failed\n${output}`);
  // A lockfile written where the registry lacks other platforms' packages omits them, and npm ci refuses it.
  console.log('  npm ci refuses the lockfile as incomplete; npm install with the locked versions');
  await must('npm', ['install', '--no-save', ...options], { show: false });
  return 'installed';
}

/** npm keeps what it installed in node_modules/.package-lock.json; optional packages depend on the platform. */
function missingModules() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  return Object.keys(wanted).filter((path) => {
    const { version, link, optional, devOptional } = wanted[path];
    if (!path.startsWith('node_modules/') || optional || devOptional) return false;
    return !installed[path] || (!link && installed[path].version !== version);
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
