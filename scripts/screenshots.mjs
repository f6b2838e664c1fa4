// Pictures of every screen, phone and laptop, light and dark, into screenshots/: `npm run screenshots [-- screen …]`.
import { main } from './lib/run.mjs';
import { buildAll, runTypeScript } from './lib/typescript.mjs';

await main(async () => {
  await buildAll();
  runTypeScript('tools/house/screenshots.ts');
});
