import {
  isFlag,
  isListOf,
  isNumber,
  isOneOf,
  isRecordOf,
  isText,
  orNone,
  orNull,
  type Shape,
  shape,
} from '@pocketbit/core';
import { asAction } from '../actions/action.ts';
import {
  EMPTY,
  type Note,
  type Outcome,
  type Reminder,
  type Timer,
  type UserData,
} from '../actions/user-data.ts';
import { MAX_TIME } from '../actions/when.ts';

/** A list with its name. */
export interface List {
  name: string;
  items: string[];
}

/** Of each kind of what is kept, the thing that is stored as one record. */
export interface Things {
  timer: Timer;
  reminder: Reminder;
  note: Note;
  list: List;
}
export type Kind = keyof Things;
export type Thing = Things[Kind];

/** Longer than anyone writes, shorter than what stops a page, UTF-16 units. */
const MAX_TEXT = 100_000;

const isShort = shape<string>((value) => isText(value) && value.length <= MAX_TEXT);
/** More entries than any list of a person has; a gap of a stored array counts as one. */
export const MAX_ENTRIES = 100_000;

const isTexts = shape<string[]>(
  (value) => Array.isArray(value) && value.length <= MAX_ENTRIES && isListOf(isShort)(value),
);
const isTime = shape<number>((value) => isNumber(value) && Math.abs(value) <= MAX_TIME);

/** The fields of each kind. */
const FIELDS: { [K in Kind]: { [F in keyof Things[K]]-?: Shape<Things[K][F]> } } = {
  timer: {
    id: isShort,
    label: isShort,
    durationMs: shape<number>((value) => isTime(value) && value > 0),
    endsAt: isTime,
    state: isOneOf('running', 'ringing', 'done', 'cancelled'),
    missed: orNone(isFlag),
  },
  reminder: {
    id: isShort,
    text: isShort,
    when: isShort,
    dueAt: orNull(isTime),
    done: isFlag,
    unseen: orNone(isFlag),
  },
  note: { id: isShort, text: isShort, at: isTime },
  list: { name: isShort, items: isTexts },
};

/** A thing of its kind with what is known of it, so that nothing else of the record is met again; null for none. */
export function asThing<K extends Kind>(kind: K, value: unknown): Things[K] | null {
  const fields = FIELDS[kind] as { [F in keyof Things[K]]-?: Shape<Things[K][F]> };
  if (!isRecordOf<Things[K]>(fields)(value)) return null;
  const known = Object.keys(fields).map((name) => [name, value[name as keyof Things[K]]] as const);
  const present: Partial<Things[K]> = {};
  for (const [name, field] of known)
    if (field !== undefined) Object.assign(present, { [name]: field });
  return present as Things[K];
}

const OUTCOMES: { [K in Outcome['kind']]: Shape<Extract<Outcome, { kind: K }>> } = {
  timer: isRecordOf({ kind: isOneOf('timer'), id: isShort }),
  reminder: isRecordOf({
    kind: isOneOf('reminder'),
    id: isShort,
    text: isShort,
    when: isShort,
    dueAt: orNull(isTime),
  }),
  list: isRecordOf({
    kind: isOneOf('list'),
    op: isOneOf('add', 'remove', 'show'),
    list: isShort,
    item: isShort,
    found: isFlag,
    items: isTexts,
  }),
  note: isRecordOf({ kind: isOneOf('note'), id: isShort, text: isShort }),
  convert: isRecordOf({ kind: isOneOf('convert'), question: isShort, answer: isShort }),
  calculate: isRecordOf({ kind: isOneOf('calculate'), question: isShort, answer: isShort }),
  proposed: isRecordOf({
    kind: isOneOf('proposed'),
    action: shape((value) => asAction(value) !== null),
  }),
  declined: isRecordOf({ kind: isOneOf('declined') }),
  unknown: isRecordOf({ kind: isOneOf('unknown') }),
  failed: isRecordOf({ kind: isOneOf('failed'), message: isShort }),
};

/** Whether a stored value is an outcome that can be shown. */
export const isOutcome = shape<Outcome>((value) => {
  const { kind } = Object(value) as { kind?: unknown };
  if (!isText(kind) || !Object.hasOwn(OUTCOMES, kind)) return false;
  return OUTCOMES[kind as Outcome['kind']](value);
});

/** What a record of all the data holds, and whether that is all that it holds. */
export interface OldForm {
  data: UserData;
  whole: boolean;
}

/** The user's data as versions before 0.3 store them, in one record. */
export function readOldForm(value: unknown): OldForm {
  if (!isPlain(value)) return { data: EMPTY, whole: value === undefined };
  const { timers, reminders, lists = {}, notes, ...others } = value;
  const parts = [things('timer', timers), things('reminder', reminders), things('note', notes)];
  const entries = isPlain(lists) ? Object.entries(lists) : [];
  const good = entries.flatMap(([name, items]) => asThing('list', { name, items }) ?? []);
  return {
    data: {
      timers: parts[0]!.good as Timer[],
      reminders: parts[1]!.good as Reminder[],
      notes: parts[2]!.good as Note[],
      lists: Object.fromEntries(good.map(({ name, items }) => [name, items])),
    },
    whole:
      Object.keys(others).length === 0 &&
      isPlain(lists) &&
      good.length === entries.length &&
      parts.every(({ whole }) => whole),
  };
}

/** Whether a stored value is an object of named fields: no list, Date, Map or other kind of its own. */
const isPlain = shape<Record<string, unknown>>(
  (value) => Object.prototype.toString.call(value) === '[object Object]',
);

/** The things of a list, each under an id of its own, and whether the list held nothing else. */
function things(
  kind: 'timer' | 'reminder' | 'note',
  list: unknown = [],
): { good: (Timer | Reminder | Note)[]; whole: boolean } {
  if (!Array.isArray(list) || list.length > MAX_ENTRIES) return { good: [], whole: false };
  const good = Array.from(list).flatMap((value) => asThing(kind, value) ?? []);
  return { good: withOwnIds(good), whole: good.length === list.length };
}

/** The same things; one whose id an earlier one has gets another, the same each time. */
export function withOwnIds<T extends { id: string }>(things: readonly T[]): T[] {
  const taken = new Set<string>();
  return things.map((thing) => {
    let { id } = thing;
    for (let i = 2; taken.has(id); i++) id = `${thing.id}~${i}`;
    taken.add(id);
    return id === thing.id ? thing : { ...thing, id };
  });
}
