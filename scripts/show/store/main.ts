import type { Check } from '../report.ts';
import { showTopic } from '../topic.ts';

const checks: Record<string, Check> = {};

await showTopic(checks);
