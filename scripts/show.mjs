// Shows that an issue's promises hold, with figures: `npm run show -- foundation [--full] [--only name,name]`.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, root } from './lib/run.mjs';
import { buildAll, runTypeScript } from './lib/typescript.mjs';

const folders = ['scripts/show', 'tools'];

/** The topics' scripts by their names. */
function topics() {
  const found = folders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => [name, `${folder}/${name}/main.ts`]),
  );
  return new Map(found.filter(([, script]) => existsSync(join(root, script))));
}

await main(async () => {
  const [topic, ...args] = process.argv.slice(2);
  const known = topics();
  const script = known.get(topic);
  if (!script)
    throw new Error(
      `usage: npm run show -- ${[...known.keys()].join('|')} [--full] [--only name,name]`,
    );
  await buildAll();
  runTypeScript(script, args);
});
