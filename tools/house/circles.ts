import { circleProblems } from '../../scripts/checks/circles.mjs';
import { readSources } from '../../scripts/lib/sources.mjs';
import { bounded, type Check } from '../lib/report.ts';

export const circles: Check = {
  title: 'circles of imports in product code, TypeScript and Rust',
  async run({ note }) {
    const { problems, note: looked } = circleProblems(await readSources());
    note(looked);
    for (const problem of problems) note(problem);
    return [bounded('circles', problems.length, { max: 0 }, String)];
  },
};
