import { runChecks, skipAll } from '../drivers/runner.ts';
import { Firefox, missingParts } from './browser.ts';

const reason = missingParts();
if (reason) skipAll(reason);
else await runChecks(() => Firefox.start());
