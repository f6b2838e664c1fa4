// The bill of materials, CycloneDX 1.6: `node scripts/sbom.mjs [file]` writes dist/sbom.json, or `file`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { allDependencies } from './lib/dependencies.mjs';
import { main, root, step } from './lib/run.mjs';
import { sbomOf } from './lib/sbom.mjs';

const file = resolve(process.argv[2] ?? join(root, 'dist/sbom.json'));

await main(() =>
  step('sbom', async () => {
    const { version, license } = JSON.parse(
      readFileSync(join(root, 'packages/web/package.json'), 'utf8'),
    );
    const dependencies = await allDependencies();
    const sbom = sbomOf({ name: 'pocketbit', version, licence: license }, dependencies);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
    const shipped = dependencies.filter(({ ships }) => ships).length;
    return `${file}: ${dependencies.length} dependencies, ${shipped} of them ship`;
  }),
);
