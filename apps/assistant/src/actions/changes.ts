import type { Reminder, Timer, UserData } from './user-data.ts';

/** A change of the user's data: pure, so that it can be made on what another tab has written meanwhile. */
export type Change = (data: UserData) => UserData;

/** Timers that ended longer ago are forgotten. */
const WEEK_MS = 7 * 86_400_000;
/** A timer that ended just now, while the page was reloading, still rings. */
const JUST_MS = 60_000;

const timersWith =
  (change: (timer: Timer) => Timer): Change =>
  (data) => ({ ...data, timers: data.timers.map(change) });

const isOver = ({ state }: Timer) => state === 'done' || state === 'cancelled';

/** Cancels a running timer, ends one that rings; no timer or reminder of this id is to be told any more. */
export function dismissed(id: string): Change {
  return (data) => ({
    ...data,
    timers: data.timers.map((timer) => (timer.id === id ? ended(timer) : timer)),
    reminders: data.reminders.map((reminder) => (reminder.id === id ? seen(reminder) : reminder)),
  });
}

function ended({ missed: _, ...timer }: Timer): Timer {
  if (isOver(timer)) return timer;
  return { ...timer, state: timer.state === 'running' ? 'cancelled' : 'done' };
}

function seen({ unseen: _, ...reminder }: Reminder): Reminder {
  return reminder;
}

/** Lets those of `ids` ring that still wait. */
export function rung(ids: ReadonlySet<string>): Change {
  const ring = timersWith((timer) =>
    ids.has(timer.id) && timer.state === 'running' ? { ...timer, state: 'ringing' } : timer,
  );
  return (data) => ({
    ...ring(data),
    reminders: data.reminders.map((one) =>
      ids.has(one.id) && !one.done ? { ...one, done: true, unseen: true } : one,
    ),
  });
}

/** On return: what ended while the app was closed is over and to be told; what was over a week ago is forgotten. */
export function returned(now: number): Change {
  const end = timersWith((timer) =>
    timer.state === 'running' && timer.endsAt < now - JUST_MS
      ? { ...timer, state: 'done', missed: true }
      : timer,
  );
  return (data) => {
    const { timers, ...others } = end(data);
    const recent = (timer: Timer) => timer.missed || !isOver(timer) || timer.endsAt > now - WEEK_MS;
    return { ...others, timers: timers.filter(recent) };
  };
}

/** The wall clock was set back: a running timer ends when that shows `endsAt`, if not before. */
export function corrected(id: string, endsAt: number): Change {
  return timersWith((timer) =>
    timer.id === id && timer.state === 'running'
      ? { ...timer, endsAt: Math.min(timer.endsAt, endsAt) }
      : timer,
  );
}

export function withoutItem(list: string, item: string): Change {
  return (data) => withoutItems(data, list, new Set([item]));
}

function withoutItems(data: UserData, list: string, items: ReadonlySet<string>): UserData {
  if (!Object.hasOwn(data.lists, list)) return data;
  const { [list]: all = [], ...others } = data.lists;
  const rest = all.filter((entry) => !items.has(entry));
  return { ...data, lists: rest.length > 0 ? { ...others, [list]: rest } : others };
}

export function withoutReminder(id: string): Change {
  return (data) => ({ ...data, reminders: data.reminders.filter((one) => one.id !== id) });
}

export function withoutNote(id: string): Change {
  return (data) => ({ ...data, notes: data.notes.filter((note) => note.id !== id) });
}

/** Without all that `shown` holds: what came after the user has seen it stays. */
export function without(shown: UserData): Change {
  const rest = <T extends { id: string }>(things: T[], gone: T[]) => {
    const ids = new Set(gone.map(({ id }) => id));
    return things.filter(({ id }) => !ids.has(id));
  };
  return (data) => ({
    timers: rest(data.timers, shown.timers),
    reminders: rest(data.reminders, shown.reminders),
    notes: rest(data.notes, shown.notes),
    lists: Object.entries(shown.lists).reduce(
      (left, [list, items]) => withoutItems(left, list, new Set(items)),
      data,
    ).lists,
  });
}
