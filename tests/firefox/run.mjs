// The journey in Firefox, headless: `node run.mjs [part of a check's name …]`.
// Last line: `N passed, N failed`.
import { runTypeScript } from '../../scripts/lib/typescript.mjs';

runTypeScript('tests/firefox/main.ts');
