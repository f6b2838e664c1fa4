/** The kinds of example the generator draws: seven actions and free stories. */
export const KINDS = [
  'timer',
  'reminder',
  'list',
  'note',
  'convert',
  'calculate',
  'unknown',
  'story',
] as const;

export type Kind = (typeof KINDS)[number];

/** What the assistant can do. Every value is a string; the key order here is the order in the completion. */
export type Action =
  | { action: 'timer'; duration: string }
  | { action: 'reminder'; text: string; when: string }
  | { action: 'list'; op: 'add' | 'remove'; list: string; item: string }
  | { action: 'list'; op: 'show'; list: string }
  | { action: 'note'; text: string }
  | { action: 'convert'; value: string; from: string; to: string }
  | { action: 'calculate'; expression: string }
  | { action: 'unknown' };

/** One line of training or test data. */
export interface Example {
  prompt: string;
  completion: string;
  kind: Kind;
}
