import type { Action } from './actions.ts';
import { capitalise } from './phrase.ts';
import type { Random } from './random.ts';

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

function lowerAction(action: Action): Action {
  const entries = Object.entries(action).map(([key, value]) => [key, value.toLowerCase()]);
  return Object.fromEntries(entries) as Action;
}

/** Choose upper or lower case and the closing mark. Values stay verbatim copies of what the prompt shows. */
export function surface(random: Random, draft: Draft): { prompt: string; action: Action } {
  const mark = punctuation(random, draft);
  if (random.chance(0.5)) {
    return { prompt: draft.prompt.toLowerCase() + mark, action: lowerAction(draft.action) };
  }
  const sentence = draft.prompt
    .replace(/\bi\b(?=[ '])/g, 'I')
    .replace(/^hey, i /, 'hey, I ');
  const prompt = opensWithValue(draft) ? draft.prompt : capitalise(sentence);
  return { prompt: prompt + mark, action: draft.action };
}
