// Pocketbit beside its peers, on models of real shapes: `npm run bench [-- --only part,part --models name,name
// --rounds N --full]`. Writes .cache/bench/*.json and .html.
import { main } from './lib/run.mjs';
import { buildAll, runTypeScript } from './lib/typescript.mjs';

await main(async () => {
  await buildAll();
  runTypeScript('tools/speed/bench.ts');
});
