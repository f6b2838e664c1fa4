import { displayText } from '@pocketbit/ui';
import type { ErrorCode, PocketbitError } from 'pocketbit';

/** A heading for each way of failing; the message below it says the rest. */
const TITLES: Record<ErrorCode, string> = {
  aborted: 'Loading was stopped',
  unsupported: 'This cannot run here',
  'bad-model': 'That file is not a model Pocketbit can read',
  'does-not-fit': 'This model is too large for this device',
  'out-of-memory': 'Not enough memory',
  quota: 'Not enough room to keep the model',
  integrity: 'The model file is damaged',
  offline: 'You are offline',
  network: 'The model could not be fetched',
  'context-full': 'The conversation is too long',
  busy: 'Still answering',
  'worker-crashed': 'The model stopped unexpectedly',
  storage: 'The browser’s storage failed',
};

const megabytes = (value: number | boolean) => `${Math.round(Number(value) / 1e6)} MB`;

/** What a person can do about an error; the message itself where it is not meant for programmers. */
export function textOf({ code, message, details }: PocketbitError): string {
  switch (code) {
    case 'does-not-fit': {
      const { neededBytes, budgetBytes } = details ?? {};
      if (!neededBytes || !budgetBytes) return displayText(message);
      return `It takes ${megabytes(neededBytes)} of memory, and this device can spare ${megabytes(budgetBytes)}. Choose a smaller model.`;
    }
    case 'aborted':
      return 'What has arrived is kept. It goes on from there.';
    case 'context-full':
      return 'The message is longer than what the model can read at once. Shorten it and send it again.';
    case 'quota':
      return 'Delete a model that is stored here, or free some space on the device, and try again.';
    case 'storage':
      return 'Reload the page and try again. In a private window, browsers may store nothing.';
    default:
      return displayText(message);
  }
}

export function titleOf(code: ErrorCode): string {
  return TITLES[code];
}
