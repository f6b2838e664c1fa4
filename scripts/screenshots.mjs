// Pictures of every screen, phone and laptop, light and dark, into screenshots/: `npm run screenshots [-- screen …]`.
import { runTypeScript } from './lib/typescript.mjs';

runTypeScript('scripts/capture/main.ts');
