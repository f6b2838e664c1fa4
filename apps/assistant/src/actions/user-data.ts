import type { Action } from './action.ts';
import { calculate, formatNumber } from './calculate.ts';
import { convert } from './convert.ts';
import { parseDuration } from './duration.ts';
import { parseWhen } from './when.ts';

/** Times in milliseconds since 1970, durations in milliseconds. */
export interface Timer {
  id: string;
  label: string;
  durationMs: number;
  endsAt: number;
  state: 'running' | 'ringing' | 'done' | 'cancelled';
  /** It ended while the app was closed, and the user has not been told. */
  missed?: boolean;
}

export interface Reminder {
  id: string;
  text: string;
  /** The words it was set with. */
  when: string;
  /** Null where the words name no moment. */
  dueAt: number | null;
  done: boolean;
  /** It fell due, and the user has not dismissed that. */
  unseen?: boolean;
}

export interface Note {
  id: string;
  text: string;
  at: number;
}

/** What the app stores for the user between visits. */
export interface UserData {
  timers: Timer[];
  reminders: Reminder[];
  /** Items by list name, in the order they were added. */
  lists: Record<string, string[]>;
  notes: Note[];
}

export const EMPTY: UserData = { timers: [], reminders: [], lists: {}, notes: [] };

/** What came of an action; a card shows it. */
export type Outcome =
  | { kind: 'timer'; id: string }
  | { kind: 'reminder'; id: string; text: string; when: string; dueAt: number | null }
  | {
      kind: 'list';
      op: 'add' | 'remove' | 'show';
      list: string;
      item: string;
      found: boolean;
      items: string[];
    }
  | { kind: 'note'; id: string; text: string }
  | { kind: 'convert'; question: string; answer: string }
  | { kind: 'calculate'; question: string; answer: string }
  /** Nothing was done: the user is asked. */
  | { kind: 'proposed'; action: Action }
  /** Nothing was done, as the user wished. */
  | { kind: 'declined' }
  | { kind: 'unknown' }
  | { kind: 'failed'; message: string };

export interface Moment {
  now: Date;
  /** The id of what is made. Where a thing has it the action was carried out before, and nothing is made. */
  id: string;
}

export interface Applied {
  data: UserData;
  outcome: Outcome;
}

/** Carries out an action. Pure: the new state and the outcome, or the old state and why it failed. */
export function apply(data: UserData, action: Action, moment: Moment): Applied {
  switch (action.action) {
    case 'timer':
      return startTimer(data, action.duration, moment);
    case 'reminder':
      return addReminder(data, action, moment);
    case 'list':
      return changeList(data, action);
    case 'note':
      return addNote(data, action.text, moment);
    case 'convert':
      return { data, outcome: converted(action) };
    case 'calculate':
      return { data, outcome: calculated(action.expression) };
    case 'unknown':
      return { data, outcome: { kind: 'unknown' } };
  }
}

function startTimer(data: UserData, duration: string, { now, id }: Moment): Applied {
  const durationMs = parseDuration(duration);
  if (durationMs === null) return failed(data, `“${duration}” is not a time I can count down.`);
  const timer: Timer = {
    id,
    label: duration,
    durationMs,
    endsAt: now.getTime() + durationMs,
    state: 'running',
  };
  return {
    data: { ...data, timers: withThing(data.timers, timer) },
    outcome: { kind: 'timer', id },
  };
}

function withThing<T extends { id: string }>(things: T[], thing: T): T[] {
  return things.some(({ id }) => id === thing.id) ? things : [...things, thing];
}

function addReminder(
  data: UserData,
  { text, when }: { text: string; when: string },
  moment: Moment,
): Applied {
  const dueAt = parseWhen(when, moment.now);
  const reminder: Reminder = { id: moment.id, text, when, dueAt, done: false };
  return {
    data: { ...data, reminders: withThing(data.reminders, reminder) },
    outcome: { kind: 'reminder', id: moment.id, text, when, dueAt },
  };
}

function changeList(data: UserData, action: Extract<Action, { action: 'list' }>): Applied {
  const list = action.list.trim().toLowerCase();
  const item = action.op === 'show' ? '' : action.item.trim();
  const before = Object.hasOwn(data.lists, list) ? data.lists[list]! : [];
  const found = before.some((entry) => same(entry, item));
  const items = changed(before, action.op, item, found);
  return {
    data: action.op === 'show' ? data : { ...data, lists: { ...data.lists, [list]: items } },
    outcome: { kind: 'list', op: action.op, list, item, found, items },
  };
}

function changed(
  before: string[],
  op: 'add' | 'remove' | 'show',
  item: string,
  found: boolean,
): string[] {
  if (op === 'remove') return before.filter((entry) => !same(entry, item));
  return op === 'add' && !found ? [...before, item] : before;
}

function same(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/^(a|an|the|some) /, '');
  return plain(a) === plain(b);
}

function addNote(data: UserData, text: string, { now, id }: Moment): Applied {
  const note: Note = { id, text, at: now.getTime() };
  return {
    data: { ...data, notes: withThing(data.notes, note) },
    outcome: { kind: 'note', id, text },
  };
}

function converted({ value, from, to }: { value: string; from: string; to: string }): Outcome {
  const done = convert(value, from, to);
  if (!done) return { kind: 'failed', message: `I cannot convert ${value} ${from} to ${to}.` };
  const digits = Number(done.result.toPrecision(6));
  return {
    kind: 'convert',
    question: `${formatNumber(done.value)} ${done.from}`,
    answer: `${formatNumber(digits)} ${done.to}`,
  };
}

function calculated(expression: string): Outcome {
  const value = calculate(expression);
  if (value === null)
    return { kind: 'failed', message: `“${expression}” has no answer I can compute.` };
  const question = expression.replaceAll('*', '×').replaceAll('/', '÷').replaceAll('-', '−');
  return { kind: 'calculate', question, answer: formatNumber(value) };
}

function failed(data: UserData, message: string): Applied {
  return { data, outcome: { kind: 'failed', message } };
}
