import { displayText } from '@pocketbit/ui';
import type { Action } from '../actions/action.ts';
import type { Outcome } from '../actions/user-data.ts';

/** A card in one sentence, for people who hear it. */
export function spoken(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'timer':
      return 'The timer runs.';
    case 'reminder':
      return `Reminder kept: ${outcome.text}, ${outcome.when}.`;
    case 'list':
      return `${outcome.list} list: ${outcome.items.join(', ') || 'empty'}.`;
    case 'note':
      return `Note kept: ${outcome.text}.`;
    case 'convert':
    case 'calculate':
      return `${outcome.question} is ${outcome.answer}.`;
    case 'proposed':
      return `${proposal(outcome.action)} The model asks whether to do that.`;
    case 'declined':
      return 'Nothing was done.';
    case 'unknown':
      return 'That is beyond this small model.';
    case 'failed':
      return outcome.message;
  }
}

/** What an action would do, in one sentence: the words of a model that may be anybody's, with nothing hidden in them. */
export function proposal(action: Action): string {
  switch (action.action) {
    case 'timer':
      return `Start a timer: ${quoted(action.duration)}.`;
    case 'reminder':
      return `Keep a reminder: ${quoted(action.text)}, ${quoted(action.when)}.`;
    case 'note':
      return `Keep a note: ${quoted(action.text)}.`;
    case 'list':
      return listProposal(action);
    default:
      return 'Compute something.';
  }
}

function listProposal(action: Extract<Action, { action: 'list' }>): string {
  const list = quoted(action.list);
  if (action.op === 'show') return `Show the list ${list}.`;
  const item = quoted(action.item);
  return action.op === 'add'
    ? `Add ${item} to the list ${list}.`
    : `Take ${item} off the list ${list}.`;
}

function quoted(text: string): string {
  return `“${displayText(text)}”`;
}
