// Explores schedules in a process of its own, whose clock and timers it replaces: `explore.ts <schedules> <seed> [<regression>]`.
import { explore, type Regression } from './interleavings.ts';

const [schedules = '1000', seed = '1', regression] = process.argv.slice(2);
const found = await explore(
  Number(schedules),
  Number(seed),
  (regression as Regression | undefined) ?? null,
);
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
