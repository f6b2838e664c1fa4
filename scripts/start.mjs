// Set-up, build, and the assistant on 127.0.0.1: `npm start`. PORT chooses the port; else 4173 or the next free one.
import { join } from 'node:path';
import { main, must, root } from './lib/run.mjs';
import { runTypeScript } from './lib/typescript.mjs';

const script = (name, ...args) =>
  must(process.execPath, [join(root, `scripts/${name}.mjs`), ...args]);

await main(async () => {
  await script('setup', '--for', 'start');
  await script('build', 'packages/web', 'packages/embed', 'apps/bench', 'apps/assistant');
  runTypeScript('scripts/serve.ts');
});
