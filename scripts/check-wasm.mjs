// Holds the built artifacts against scripts/wasm-contract.json: `node scripts/check-wasm.mjs [--write]`.
// --write records the interface as it is now; review the difference in git before committing it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifacts, wasmFolder } from './lib/artifacts.mjs';
import { budgets } from './lib/budgets.mjs';
import { must, root } from './lib/run.mjs';
import { featureProblems, listDifferences, opcodeProblems } from './lib/wasm-contract.mjs';
import { countOpcodes, gzipSize, readInterface, targetFeatures } from './lib/wasm-module.mjs';

const contractFile = join(root, 'scripts/wasm-contract.json');

function sizeProblems(size) {
  return size > budgets.wasm ? [`${size} bytes gzipped, budget ${budgets.wasm}`] : [];
}

function inspect(name, contract) {
  const bytes = readFileSync(join(wasmFolder, `${name}.wasm`));
  const found = readInterface(bytes);
  const size = gzipSize(bytes);
  const problems = [
    ...Object.keys(found).flatMap((part) => listDifferences(part, contract[part], found[part])),
    ...featureProblems(name, targetFeatures(bytes)),
    ...opcodeProblems(name, countOpcodes(bytes)),
    ...sizeProblems(size),
  ];
  return { name, found, size, problems };
}

const names = Object.keys(artifacts);
const write = process.argv.includes('--write');
if (write) {
  const bytes = readFileSync(join(wasmFolder, `${names[0]}.wasm`));
  writeFileSync(contractFile, `${JSON.stringify(readInterface(bytes), null, 2)}\n`);
  await must(join(root, 'node_modules/.bin/biome'), ['format', '--write', contractFile], {
    show: false,
  });
}
const contract = JSON.parse(readFileSync(contractFile, 'utf8'));
for (const { name, size, problems } of names.map((each) => inspect(each, contract))) {
  console.log(
    `  ${name}.wasm ${(size / 1000).toFixed(1)} kB gzipped: ${problems.length ? 'BROKEN' : 'as declared'}`,
  );
  for (const problem of problems) console.log(`    ${problem}`);
  if (problems.length) process.exitCode = 1;
}
