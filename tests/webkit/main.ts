import { runChecks, skipAll } from '../drivers/runner.ts';
import { missingParts, WebKit } from './browser.ts';

const reason = missingParts();
if (reason) skipAll(reason);
else await runChecks(() => WebKit.start());
