import { type Action, type Example, KINDS, type Kind } from './actions.js';
import { drawCalculate } from './kinds/calculate.js';
import { drawConvert } from './kinds/convert.js';
import { drawList } from './kinds/list.js';
import { drawNote } from './kinds/note.js';
import { drawReminder } from './kinds/reminder.js';
import { drawStory } from './kinds/story.js';
import { drawTimer } from './kinds/timer.js';
import { drawUnknown } from './kinds/unknown.js';
import { Random } from './random.js';
import { type Draft, surface } from './surface.js';

export { type Action, type Example, KINDS, type Kind } from './actions.js';

type Command = Exclude<Kind, 'story'>;

/** The seven kinds that are commands; stories are the eighth kind. */
export const COMMANDS = KINDS.filter((kind): kind is Command => kind !== 'story');

const DRAFTS: Readonly<Record<Command, (random: Random) => Draft>> = {
  timer: drawTimer,
  reminder: drawReminder,
  list: drawList,
  note: drawNote,
  convert: drawConvert,
  calculate: drawCalculate,
  unknown: drawUnknown,
};

/** Share of each kind where all kinds are drawn; the harder ones to copy come oftener. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  timer: 12,
  reminder: 18,
  list: 18,
  note: 15,
  convert: 12,
  calculate: 12,
  unknown: 13,
  story: 7,
};

/** Seeds from here on are for tests; training never draws with them. */
export const FIRST_TEST_SEED = 1_000_000;

/** The fixed test draw whose prompts are left out of the training text. */
export const TEST_DRAW = { seed: 1_000_001, count: 1000 } as const;

function drawExample(random: Random, kind: Kind): Example {
  if (kind === 'story') return { ...drawStory(random), kind };
  const { prompt, action } = surface(random, DRAFTS[kind](random));
  return { prompt, completion: JSON.stringify(action), kind };
}

/**
 * Draw training or test examples.
 * @param seed any integer; the same seed gives the same examples. Tests use seeds from {@link FIRST_TEST_SEED} on.
 * @param count number of examples.
 * @param options.kinds kinds to draw from; all eight by default.
 */
export function drawExamples(
  seed: number,
  count: number,
  options: { kinds?: readonly Kind[] } = {},
): Example[] {
  const random = new Random(seed);
  const entries = (options.kinds ?? KINDS).map((kind) => [kind, WEIGHTS[kind]] as const);
  return Array.from({ length: count }, () => drawExample(random, random.weighted(entries)));
}

/** Every prompt of the fixed test draw; the training text leaves them out. */
export function testPrompts(): Set<string> {
  const examples = drawExamples(TEST_DRAW.seed, TEST_DRAW.count, { kinds: COMMANDS });
  return new Set(examples.map(({ prompt }) => prompt));
}

/** Parse a completion; `undefined` where it is not one JSON object with an action. */
export function parseAction(completion: string): Action | undefined {
  try {
    const value: unknown = JSON.parse(completion);
    const isAction = typeof value === 'object' && value !== null && 'action' in value;
    return isAction ? (value as Action) : undefined;
  } catch {
    return undefined;
  }
}
