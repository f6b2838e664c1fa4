// Writes tests/fixtures/house from the baseline's build: `npx tsx --conditions=pocketbit-source tools/house/record.ts [name…]`.
import { readFileSync } from 'node:fs';
import { baselineTree } from './baseline.ts';
import { bitsOf } from './bits.ts';
import { commandsOf } from './commands.ts';
import { suitesOf } from './counts.ts';
import { writeFixture } from './fixture.ts';
import { recorded } from './identical.ts';
import { storedOf } from './stored.ts';

type Recorder = (tree: string, note: (text: string) => void) => Promise<object>;

const recorders: Record<string, Recorder> = {
  bits: async (tree, note) => recorded(await bitsOf(tree, note)),
  stored: storedOf,
  commands: commandsOf,
  tests: async (tree) => ({ suites: await suitesOf(tree), run: wholeRun() }),
};

/** What a log of the baseline's `npm test`, which NPM_TEST_LOG names, says at its end. */
function wholeRun(): { time: string; counts: string } {
  const log = readFileSync(process.env.NPM_TEST_LOG ?? '', 'utf8');
  const [, time, counts] = /^== (\d.*)\n(\d+ passed, \d+ failed)$/m.exec(log) ?? [];
  if (!time || !counts) throw new Error('the log has no end');
  return { time, counts };
}

const names = process.argv.slice(2);
const tree = await baselineTree();
for (const name of names.length > 0 ? names : Object.keys(recorders)) {
  const found = await recorders[name]!(tree, (text) => console.log(`${name}: ${text}`));
  writeFixture(name, found);
}
process.exit();
