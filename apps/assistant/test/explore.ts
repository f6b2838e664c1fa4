// In a process of its own, whose clock and timers it replaces: `explore.ts <schedules> <seed> [<regression>]`, or
// `explore.ts sample <count> <seed>` for operations to be played in a browser. Prints JSON.
import { explore, type Regression, sample } from './interleavings.ts';

const [first = '1000', second = '1', third] = process.argv.slice(2);
const found =
  first === 'sample'
    ? sample(Number(second), Number(third))
    : await explore(Number(first), Number(second), (third as Regression | undefined) ?? null);
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
