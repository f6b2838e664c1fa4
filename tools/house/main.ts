import type { Check } from '../../scripts/show/report.ts';
import { showTopic } from '../../scripts/show/topic.ts';
import { circles } from './circles.ts';
import { driver } from './driver.ts';
import { sizes } from './sizes.ts';
import { touched } from './touched.ts';

const checks: Record<string, Check> = {
  driver,
  circles,
  sizes,
  touched,
};

await showTopic(checks);
