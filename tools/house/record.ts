// Writes tests/fixtures/house from the baseline's build: `npx tsx --conditions=pocketbit-source tools/house/record.ts [name…]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { baselineTree } from './baseline.ts';
import { bitsOf } from './bits.ts';
import { fixtureFile, fixtureFolder } from './fixture.ts';

type Recorder = (tree: string, note: (text: string) => void) => Promise<unknown>;

const recorders: Record<string, Recorder> = {
  bits: bitsOf,
};

const names = process.argv.slice(2);
const tree = await baselineTree();
mkdirSync(fixtureFolder, { recursive: true });
for (const name of names.length > 0 ? names : Object.keys(recorders)) {
  const found = await recorders[name]!(tree, (text) => console.log(`${name}: ${text}`));
  writeFileSync(fixtureFile(name), `${JSON.stringify(found, null, 1)}\n`);
}
process.exit();
