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
  const value = parseObject(text.trim());
  if (!value) return null;
  const fields = Object.hasOwn(FIELDS, String(value.action))
    ? FIELDS[value.action as Action['action']]
    : null;
  if (!fields?.every((field) => isText(value[field]))) return null;
  if (value.action === 'list' && !validList(value)) return null;
  return value as unknown as Action;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function validList(value: Record<string, unknown>): boolean {
  if (value.op === 'show') return true;
  return (value.op === 'add' || value.op === 'remove') && isText(value.item);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim().length > 0 && value.length <= MAX_FIELD;
}
