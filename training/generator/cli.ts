import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { COMMANDS, drawExamples, type Example, KINDS, testPrompts } from './index.js';

const USAGE = `Draw seeded examples as JSON lines {prompt, completion, kind}.
  --seed N        seed (test seeds are 1000000 and above)
  --count N       number of examples
  --out FILE      output file (default: standard output)
  --kinds a,b     kinds to draw from, or "commands" (default: all)
  --training      leave out every prompt of the fixed test draw`;

/** Examples drawn at once, so that a long draw does not hold everything in memory. */
const BATCH = 10_000;

interface Options {
  seed: number;
  count: number;
  out: string | undefined;
  kinds: (typeof KINDS)[number][];
  training: boolean;
}

function parseKinds(text: string | undefined): Options['kinds'] {
  if (text === undefined) return [...KINDS];
  if (text === 'commands') return [...COMMANDS];
  return text.split(',').map((name) => {
    const kind = KINDS.find((known) => known === name);
    if (!kind) throw new Error(`unknown kind "${name}"; known kinds: ${KINDS.join(', ')}`);
    return kind;
  });
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      count: { type: 'string' },
      out: { type: 'string' },
      kinds: { type: 'string' },
      training: { type: 'boolean', default: false },
    },
  });
  const [seed, count] = [Number(values.seed), Number(values.count)];
  if (!Number.isInteger(seed) || !Number.isInteger(count)) throw new Error(USAGE);
  return {
    seed,
    count,
    out: values.out,
    kinds: parseKinds(values.kinds),
    training: values.training,
  };
}

/** A long draw is a sequence of batches with seeds of their own, derived from the one given. */
function* batches({ seed, count, kinds }: Options): Generator<Example[]> {
  for (let done = 0, batch = 0; done < count; done += BATCH, batch++) {
    const batchSeed = batch === 0 ? seed : seed + batch * 2 ** 32;
    yield drawExamples(batchSeed, Math.min(BATCH, count - done), { kinds });
  }
}

function main(): void {
  const options = readOptions();
  const heldOut = options.training ? testPrompts() : new Set<string>();
  const file = options.out ? openSync(options.out, 'w') : 1;
  for (const examples of batches(options)) {
    const kept = examples.filter(({ prompt }) => !heldOut.has(prompt));
    writeSync(file, kept.map((example) => `${JSON.stringify(example)}\n`).join(''));
  }
  if (options.out) closeSync(file);
}

main();
