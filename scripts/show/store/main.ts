import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';
import { faults } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { kill } from './kill.ts';
import { memory } from './memory.ts';
import { offline } from './offline.ts';
import { quota } from './quota.ts';
import { tabs } from './tabs.ts';
import { warmLoad } from './warm-load.ts';

const checks: Record<string, Check> = {
  faults,
  quota,
  kill,
  memory,
  'warm-load': warmLoad,
  tabs,
  fuzz,
  offline,
};

await showTopic(checks);
