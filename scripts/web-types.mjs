// Writes the package's type declarations into dist: those that index.d.ts reaches, with imports that need no other
// package. Run after `vite build`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const here = join(import.meta.dirname, '../packages/web');
const emitted = join(here, 'dist-types', 'packages');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const project = join(here, 'tsconfig.types.json');
execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-p', project], {
  stdio: 'inherit',
});

const core = join(emitted, 'core', 'src', 'errors.d.ts');
const root = join(emitted, 'web', 'src');
/** Where a declaration file lies in dist. */
const target = (file) => (file === core ? 'types/errors.d.ts' : place(relative(root, file)));
const place = (name) => (name === 'index.d.ts' ? name : `types/${name}`);

const reached = new Set([join(root, 'index.d.ts')]);
for (const file of reached) {
  const text = readFileSync(file, 'utf8').replaceAll(/from '([^']+)'/g, (_, from) => {
    const found =
      from === '@pocketbit/core' ? core : join(dirname(file), from.replace(/\.ts$/, '.d.ts'));
    reached.add(found);
    const path = relative(dirname(target(file)), target(found)).replace(/\.d\.ts$/, '.js');
    return `from '${path.startsWith('.') ? path : `./${path}`}'`;
  });
  const out = join(here, 'dist', target(file));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, text);
}
rmSync(join(here, 'dist-types'), { recursive: true });
