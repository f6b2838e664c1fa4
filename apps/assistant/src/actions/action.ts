/** What the command model may ask the app to do. Every value is text, as the model wrote it. */
export type Action =
  | { action: 'timer'; duration: string }
  | { action: 'reminder'; text: string; when: string }
  | { action: 'list'; op: 'add' | 'remove'; list: string; item: string }
  | { action: 'list'; op: 'show'; list: string }
  | { action: 'note'; text: string }
  | { action: 'convert'; value: string; from: string; to: string }
  | { action: 'calculate'; expression: string }
  | { action: 'unknown' };

/** The text fields each action must have. */
const FIELDS: Record<Action['action'], readonly string[]> = {
  timer: ['duration'],
  reminder: ['text', 'when'],
  list: ['op', 'list'],
  note: ['text'],
  convert: ['value', 'from', 'to'],
  calculate: ['expression'],
  unknown: [],
};

const MAX_FIELD = 500;

/** True when an answer is, or is becoming, an action rather than prose. */
export function looksLikeAction(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** The action in a model's answer; null when it is no complete, well-formed action. */
export function parseAction(text: string): Action | null {
  try {
    return asAction(JSON.parse(text.trim()));
  } catch {
    return null;
  }
}

/** A value as an action; null when it is none. */
export function asAction(value: unknown): Action | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { action, ...others } = value as Record<string, unknown>;
  if (typeof action !== 'string' || !Object.hasOwn(FIELDS, action)) return null;
  const fields = FIELDS[action as Action['action']];
  if (!fields.every((field) => isText(others[field]))) return null;
  if (action === 'list' && !validList(others)) return null;
  return value as Action;
}

/** Whether carrying it out reads or changes what is kept for the user. */
export function concernsUserData({ action }: Action): boolean {
  return action === 'timer' || action === 'reminder' || action === 'list' || action === 'note';
}

function validList(value: Record<string, unknown>): boolean {
  if (value.op === 'show') return true;
  return (value.op === 'add' || value.op === 'remove') && isText(value.item);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim().length > 0 && value.length <= MAX_FIELD;
}
