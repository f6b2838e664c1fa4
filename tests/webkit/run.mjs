// The journey in WebKitGTK, Safari's family, under a virtual screen: `node run.mjs [part of a check's name …]`.
// Last line: `N passed, N failed`.
import { runTypeScript } from '../../scripts/lib/typescript.mjs';

runTypeScript('tests/webkit/main.ts');
