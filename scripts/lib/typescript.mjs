import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { must, root } from './run.mjs';

/** Runs a TypeScript file of the repository in a Node of its own, on the packages' sources; ends this process as it ended. */
export function runTypeScript(file, args = process.argv.slice(2)) {
  const flags = ['--conditions=pocketbit-source', '--import', 'tsx', join(root, file)];
  const child = spawn(process.execPath, [...flags, ...args], { cwd: root, stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
}

/** Brings every build output up to date, quietly, so that what is shown or measured is what the sources say. */
export async function buildAll() {
  await must(process.execPath, [join(root, 'scripts/build.mjs')], { show: false });
}
