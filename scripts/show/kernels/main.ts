import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { micro } from './micro.ts';

const checks: Record<string, Check> = {
  micro,
};

await showTopic(checks);
