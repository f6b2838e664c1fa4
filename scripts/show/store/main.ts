import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { faults } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { quota } from './quota.ts';
import { warmLoad } from './warm-load.ts';

const checks: Record<string, Check> = {
  faults,
  quota,
  'warm-load': warmLoad,
  fuzz,
};

await showTopic(checks);
