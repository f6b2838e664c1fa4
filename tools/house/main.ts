import type { Check } from '../../scripts/show/report.ts';
import { showTopic } from '../../scripts/show/topic.ts';
import { circles } from './circles.ts';
import { commands } from './commands.ts';
import { driver } from './driver.ts';
import { identical } from './identical.ts';
import { sizes } from './sizes.ts';
import { speed } from './speed.ts';
import { stored } from './stored.ts';
import { tests } from './tests.ts';
import { touched } from './touched.ts';

const checks: Record<string, Check> = {
  bits: identical,
  stored,
  driver,
  circles,
  sizes,
  speed,
  touched,
  commands,
  tests,
};

await showTopic(checks);
