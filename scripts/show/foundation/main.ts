import { parseArgs } from 'node:util';
import { type Check, runChecks, seconds } from '../report.ts';
import { badInput } from './bad-input.ts';
import { draws } from './draws.ts';
import { firstToken } from './first-token.ts';
import { freshClone } from './fresh-clone.ts';
import { greedyTokens } from './greedy.ts';
import { identicalLogits } from './identical.ts';
import { peer } from './peer.ts';
import { reference } from './reference.ts';
import { screens } from './screens.ts';
import { speed } from './speed.ts';

const checks: Record<string, Check> = {
  logits: identicalLogits,
  reference,
  draws,
  greedy: greedyTokens,
  wllama: peer,
  'first-token': firstToken,
  speed,
  screens,
  'bad-input': badInput,
  clone: freshClone,
};

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const names = values.only?.split(',') ?? Object.keys(checks);
const unknown = names.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`no check ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}
const start = performance.now();
const wanted = Object.fromEntries(names.map((name) => [name, checks[name]!]));
const failures = await runChecks(wanted, values.full);
const verdict = failures === 0 ? 'every figure meets its target' : `${failures} figures fall short`;
console.log(`\n${verdict} (${names.length} checks in ${seconds(performance.now() - start)})`);
process.exit(failures === 0 ? 0 : 1);
