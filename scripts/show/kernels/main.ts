import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { kvError, sameContext } from './kv-cache.ts';
import { micro } from './micro.ts';

const checks: Record<string, Check> = {
  micro,
  'kv-bits': sameContext,
  'kv-error': kvError,
};

await showTopic(checks);
