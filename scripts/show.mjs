// Shows that an issue's promises hold, with figures: `npm run show -- foundation [--full] [--only name,name]`.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/run.mjs';
import { runTypeScript } from './lib/typescript.mjs';

const folder = join(root, 'scripts/show');
const [topic, ...args] = process.argv.slice(2);
if (topic && existsSync(join(folder, topic, 'main.ts'))) {
  runTypeScript(`scripts/show/${topic}/main.ts`, args);
} else {
  const topics = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  console.error(
    `usage: npm run show -- ${topics.map(({ name }) => name).join('|')} [--full] [--only name,name]`,
  );
  process.exitCode = 2;
}
