import type { Assistant } from '../state/assistant.ts';

/**
 * Whether a reload would break something off that the user is in the middle of, or lose what could not be stored yet;
 * `asked`: only an answer and that count then.
 */
export function busy(assistant: Assistant, asked: boolean): boolean {
  if (answering(assistant) || assistant.chat.unsaved || assistant.userData.unsaved) return true;
  return !asked && (writing() || ringing(assistant) || unstored(assistant));
}

/** Also between a question and the first token of its answer. */
function answering({ answering: streaming, phase, messages }: Assistant): boolean {
  return streaming || (phase.name === 'ready' && messages.at(-1)?.state === 'streaming');
}

/** A message is half written, or a sheet is open. */
function writing(): boolean {
  const area = document.querySelector<HTMLTextAreaElement>('#message');
  return Boolean(area?.value) || document.querySelector('dialog[open]') !== null;
}

/** A sound would stop. */
function ringing({ userData }: Assistant): boolean {
  return userData.data.timers.some(({ state }) => state === 'ringing');
}

/** A picked file that is not stored yet, or cannot be, would have to be picked again. */
function unstored({ choice, phase }: Assistant): boolean {
  if (typeof choice.source === 'string') return false;
  return (
    phase.name === 'loading' || (phase.name === 'ready' && phase.model.info.storage === 'memory')
  );
}
