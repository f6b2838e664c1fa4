import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { badInput } from './bad-input.ts';
import { context } from './context.ts';
import { kvError } from './kv-error.ts';
import { logits } from './logits.ts';
import { memory } from './memory.ts';
import { micro } from './micro.ts';
import { binary, firstToken, native, wllama } from './peers.ts';
import { size } from './size.ts';
import { steady } from './steady.ts';
import { variants } from './variants.ts';

const checks: Record<string, Check> = {
  variants,
  logits,
  micro,
  wllama,
  'first-token': firstToken,
  binary,
  native,
  steady,
  context,
  'kv-error': kvError,
  memory,
  size,
  'bad-input': badInput,
};

await showTopic(checks);
