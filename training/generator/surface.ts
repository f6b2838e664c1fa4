import type { Action } from './actions.js';
import { capitalise } from './phrase.js';
import type { Random } from './random.js';

/** A request and the action it asks for, before case and punctuation are chosen. */
export interface Draft {
  prompt: string;
  action: Action;
  /** True where the request is a question. */
  question?: boolean;
}

/** True when the prompt opens with a value, so that a capital letter would change the value. */
function opensWithValue({ prompt, action }: Draft): boolean {
  return Object.values(action).some((value) => prompt.startsWith(value));
}

function punctuation(random: Random, draft: Draft): string {
  if (/[?.!]$/.test(draft.prompt)) return '';
  if (/^(hey, |hi, )?(can|could|would) you /.test(draft.prompt) || draft.question) {
    return random.weighted([
      ['?', 6],
      ['', 4],
    ]);
  }
  return random.weighted([
    ['', 6],
    ['.', 3],
    ['!', 1],
  ]);
}

/** Apply one change of letters to every value, so that values stay verbatim copies of the prompt. */
function mapValues(action: Action, change: (value: string) => string): Action {
  const entries = Object.entries(action).map(([key, value]) => [key, change(value)]);
  return Object.fromEntries(entries) as Action;
}

const lower = (text: string) => text.toLowerCase();
const upperPronoun = (text: string) => text.replace(/\bi\b(?=[ '])/g, 'I');

/** Choose upper or lower case and the closing mark. */
export function surface(random: Random, draft: Draft): { prompt: string; action: Action } {
  const mark = punctuation(random, draft);
  const change = random.chance(0.5) ? lower : upperPronoun;
  const action = mapValues(draft.action, change);
  const changed = { prompt: change(draft.prompt), action };
  const keep = change === lower || opensWithValue(changed);
  const prompt = keep ? changed.prompt : capitalise(changed.prompt);
  return { prompt: prompt + mark, action };
}
