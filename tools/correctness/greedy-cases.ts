import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledModel, root } from '../../tests/support/paths.ts';

/** A prompt of the bundled model with the reference's greedy answer, the id that ends the turn included. */
export interface GreedyCase {
  readonly prompt: string;
  readonly promptIds: number[];
  readonly ids: number[];
  readonly text: string;
  /** Logit of the first choice less that of the second, for each id. */
  readonly gaps: number[];
}

/** Written by `python -m training.reference.greedy`; refuses a fixture made of another file. */
export function greedyCases(): GreedyCase[] {
  const { sha256, cases } = JSON.parse(
    readFileSync(join(root, 'tests/fixtures/bundled/greedy.json'), 'utf8'),
  );
  const found = createHash('sha256').update(readFileSync(bundledModel)).digest('hex');
  if (found !== sha256)
    throw new Error(`greedy.json was made of ${sha256}, the built assistant serves ${found}`);
  return cases;
}
