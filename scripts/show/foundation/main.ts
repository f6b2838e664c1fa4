import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
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

await showTopic(checks);
