// Shows that promises hold, with figures: `npm run show -- correctness [--full] [--only name,name]`.
import { runTypeScript } from './lib/typescript.mjs';

runTypeScript('tools/show.ts');
