import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './run.mjs';

/** Runs a TypeScript file of the repository in a Node of its own, on the packages' sources; ends this process as it ended. */
export function runTypeScript(file, args = process.argv.slice(2)) {
  const flags = ['--conditions=pocketbit-source', '--import', 'tsx', join(root, file)];
  const child = spawn(process.execPath, [...flags, ...args], { cwd: root, stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
}
