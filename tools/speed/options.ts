import { parseArgs } from 'node:util';
import { BENCH_MODELS, sharedWithPeers } from '../../tests/models/bench.ts';

/** What the bench can measure, in the order it does. */
export const PARTS = {
  speed:
    'Pocketbit and @wllama/wllama in the same Chromium, in turns: load, first request, later ones',
  native: 'llama.cpp compiled for this machine, from node-llama-cpp',
  memory: 'peak memory of both engines, a fresh Chromium each',
  alone: 'Pocketbit with 512-token prompts and a context of 2048, and the kinds no peer reads',
  browsers: 'Pocketbit in Firefox ESR and WebKitGTK',
  growth: "a token's time with the context, a prompt's with its length",
  steadiness: 'times between the tokens of a long answer, idle and under load',
  kernels: 'each kernel by itself',
  artifacts: 'the three builds of the engine',
} as const;

export type Part = keyof typeof PARTS;

export interface BenchOptions {
  readonly parts: ReadonlySet<Part>;
  readonly rounds: number;
  readonly full: boolean;
  /** Of engines side by side; of Pocketbit alone; in other browsers; of growth and steadiness. */
  readonly shared: readonly string[];
  readonly alone: readonly string[];
  readonly elsewhere: readonly string[];
  readonly curves: readonly string[];
}

const SHAPES = ['13m', '125m', '350m', '1.3b'];
const SHARED = SHAPES.flatMap((shape) => [`${shape}-tq2_0`, `${shape}-q1_0`]);
const ALONE = ['125m-w1a1', '1.3b-tq2_0', '1.3b-w1a1', '125m-i2_s', 'bonsai-1.7b', 'bitnet-2b4t'];
const ALONE_FULL = SHAPES.flatMap((shape) =>
  ['tq2_0', 'q1_0', 'w1a1', 'i2_s'].map((kind) => `${shape}-${kind}`),
);

export class UsageError extends Error {}

/** The options of a command line. Throws `UsageError` with what is wrong and what there is. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args);
  const full = values.full ?? false;
  const parts = values.only?.split(',') ?? Object.keys(PARTS);
  refuse('part', parts, Object.keys(PARTS));
  const models = values.models?.split(',');
  refuse('model', models ?? [], Object.keys(BENCH_MODELS));
  const rounds = Number(values.rounds ?? (full ? 7 : 3));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 15) {
    throw new UsageError(`--rounds is ${values.rounds}; expected 1 to 15`);
  }
  return {
    parts: new Set(parts as Part[]),
    rounds,
    full,
    shared: models?.filter(sharedWithPeers) ?? SHARED,
    alone: models ?? (full ? [...ALONE_FULL, 'bonsai-1.7b', 'bitnet-2b4t'] : ALONE),
    elsewhere: models ?? (full ? SHARED : ['125m-tq2_0', '125m-q1_0', '125m-w1a1']),
    curves: models ?? (full ? ['125m-tq2_0', '350m-tq2_0', '125m-q1_0'] : ['125m-tq2_0']),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        models: { type: 'string' },
        rounds: { type: 'string' },
        full: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

const USAGE =
  'usage: npm run bench -- [--only part,part] [--models name,name] [--rounds N] [--full]';

function refuse(what: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new UsageError(`no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}\n${USAGE}`);
}
