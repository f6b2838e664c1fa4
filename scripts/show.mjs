// Shows that an issue's promises hold, with figures: `npm run show -- foundation [--full] [--only name,name]`.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, root } from './lib/run.mjs';
import { buildAll, runTypeScript } from './lib/typescript.mjs';

const folder = join(root, 'scripts/show');

function usage() {
  const entries = readdirSync(folder, { withFileTypes: true });
  const topics = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return `usage: npm run show -- ${topics.join('|')} [--full] [--only name,name]`;
}

await main(async () => {
  const [topic, ...args] = process.argv.slice(2);
  if (!topic || !existsSync(join(folder, topic, 'main.ts'))) throw new Error(usage());
  await buildAll();
  runTypeScript(`scripts/show/${topic}/main.ts`, args);
});
