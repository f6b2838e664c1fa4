// Tokens per second in Chromium for the three artifacts: `npm run bench [-- --rounds N]`. Also writes .cache/bench.json.
import { runTypeScript } from './lib/typescript.mjs';

runTypeScript('scripts/bench/main.ts');
