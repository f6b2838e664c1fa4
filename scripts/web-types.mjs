// Writes the package's type declarations into dist: those that index.d.ts reaches, with imports that need no other
// package. Run after `vite build`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const here = join(import.meta.dirname, '../packages/web');
const emitted = join(here, 'dist-types', 'packages');
rmSync(join(here, 'dist-types'), { recursive: true, force: true });
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const project = join(here, 'tsconfig.types.json');
execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '-p', project], {
  stdio: 'inherit',
});

/** Where a declaration file lies in dist. */
const root = join(emitted, 'web', 'src');
const target = (file) => {
  const own = relative(root, file);
  if (own === 'index.d.ts') return own;
  const place = own.startsWith('..') ? relative(emitted, file).replace('/src/', '/') : own;
  return join('types', place);
};

/** The declaration file that an import names: one beside it, or the entry of a package that is part of this one. */
function declarationOf(from, file) {
  const [, inner] = /^@pocketbit\/(\w+)$/.exec(from) ?? [];
  if (inner) return join(emitted, inner, 'src', 'index.d.ts');
  return join(dirname(file), from.replace(/\.ts$/, '.d.ts'));
}

const reached = new Set([join(root, 'index.d.ts')]);
for (const file of reached) {
  const text = readFileSync(file, 'utf8').replaceAll(/from '([^']+)'/g, (_, from) => {
    const found = declarationOf(from, file);
    reached.add(found);
    const path = relative(dirname(target(file)), target(found)).replace(/\.d\.ts$/, '.js');
    return `from '${path.startsWith('.') ? path : `./${path}`}'`;
  });
  const out = join(here, 'dist', target(file));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, text);
}
rmSync(join(here, 'dist-types'), { recursive: true });
