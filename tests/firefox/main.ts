import { FIREFOX } from '../drivers/kinds.ts';
import { runChecks } from '../drivers/runner.ts';

await runChecks(FIREFOX);
