// Sizes of what is shipped, beside their budgets: `node scripts/size.mjs`.
import { sizeReport } from './lib/sizes.mjs';

const { problems, note } = await sizeReport();
console.log(note.split(', ').join('\n'));
for (const problem of problems) console.error(problem);
if (problems.length) process.exitCode = 1;
