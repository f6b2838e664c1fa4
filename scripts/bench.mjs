// Tokens per second in Chromium for the three artifacts: `npm run bench [-- --rounds N]`. Also writes .cache/bench.json.
import { main } from './lib/run.mjs';
import { buildAll, runTypeScript } from './lib/typescript.mjs';

await main(async () => {
  await buildAll();
  runTypeScript('scripts/bench/main.ts');
});
