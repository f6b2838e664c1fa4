// The journey in WebKitGTK, Safari's family, under a virtual screen. Last line: `N passed, N failed`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const flags = ['--conditions=pocketbit-source', '--import', 'tsx'];
const main = join(import.meta.dirname, 'main.ts');
const child = spawn(process.execPath, [...flags, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
