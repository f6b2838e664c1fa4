import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { fuzz } from './fuzz.ts';
import { faults } from './faults.ts';
import { quota } from './quota.ts';
import { warmLoad } from './warm-load.ts';

const checks: Record<string, Check> = {
  faults,
  quota,
  'warm-load': warmLoad,
};

await showTopic(checks);
