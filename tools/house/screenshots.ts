import { relative } from 'node:path';
import { root } from '../../tests/support/paths.ts';
import { captureAll } from './pictures.ts';

for (const { path } of await captureAll(process.argv.slice(2))) console.log(relative(root, path));
