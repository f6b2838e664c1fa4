// Builds everything: `node scripts/build.mjs [workspace…]`. The engine first, since the packages ship it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildWasm } from './build-wasm.mjs';
import { main, root, run, step } from './lib/run.mjs';

/** In the order of their dependencies. */
const workspaces = [
  'packages/web',
  'packages/embed',
  'packages/cli',
  'apps/bench',
  'apps/assistant',
];

function hasBuild(workspace) {
  const file = join(root, workspace, 'package.json');
  return existsSync(file) && Boolean(JSON.parse(readFileSync(file, 'utf8')).scripts?.build);
}

async function buildWorkspace(workspace) {
  const { code, output } = await run('npm', ['run', 'build', '--silent', '-w', workspace]);
  if (code === 0) return 'built';
  failed.push(workspace);
  return `FAILED\n${output.trim()}\n`;
}

const failed = [];
await main(async () => {
  const wanted = process.argv.slice(2);
  await step('wasm artifacts', () => buildWasm());
  for (const workspace of workspaces.filter(hasBuild)) {
    if (wanted.length === 0 || wanted.includes(workspace)) {
      await step(workspace, () => buildWorkspace(workspace));
    }
  }
  if (failed.length) throw new Error(`not built: ${failed.join(', ')}`);
});
