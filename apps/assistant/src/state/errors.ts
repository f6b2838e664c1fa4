import type { ErrorCode } from 'pocketbit';

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

export function titleOf(code: ErrorCode): string {
  return TITLES[code];
}
