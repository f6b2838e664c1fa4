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
    case 'unknown':
      return 'That is beyond this small model.';
    case 'failed':
      return outcome.message;
  }
}
