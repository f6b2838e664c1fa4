import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { encodings } from './encodings.ts';
import { families } from './families.ts';
import { golden } from './golden.ts';
import { headerCost } from './header-cost.ts';
import { headers } from './headers.ts';
import { peer } from './peer.ts';
import { published } from './published.ts';
import { refusals } from './refusals.ts';
import { tokenizers } from './tokenizers.ts';
import { transformers } from './transformers.ts';
import { types } from './types.ts';

const checks: Record<string, Check> = {
  types,
  golden,
  encodings,
  families,
  transformers,
  wllama: peer,
  tokenizers,
  headers,
  'header-cost': headerCost,
  published,
  refusals,
};

await showTopic(checks);
