import type { Action } from '../actions/action.ts';
import { apply, EMPTY, type Outcome, type Timer, type UserData } from '../actions/user-data.ts';
import { read, write } from './database.ts';
import { Tabs } from './tabs.ts';

/** Timers that ended longer ago are forgotten. */
const WEEK_MS = 7 * 86_400_000;

/** Something that fell due; `id` is the timer's or reminder's. */
export interface Alert {
  id: string;
  text: string;
}

/** Holds the user's data, saves every change, takes over those of other tabs and lets timers ring. */
export class UserDataStore extends EventTarget {
  data: UserData = EMPTY;
  /** What fell due and waits to be dismissed. */
  alerts: Alert[] = [];
  readonly #sound: () => void;
  readonly #tabs = new Tabs();
  #next: ReturnType<typeof setTimeout> | undefined;

  /** `sound` rings for what falls due. */
  constructor(sound: () => void) {
    super();
    this.#sound = sound;
  }

  async start(): Promise<void> {
    const data = { ...EMPTY, ...(await read<UserData>('kept')) };
    const recent = ({ endsAt }: Timer) => endsAt > Date.now() - WEEK_MS;
    this.data = { ...data, timers: data.timers.filter(recent) };
    this.#ring(false);
    this.#changed();
    this.#tabs.on('kept', () => this.#follow());
  }

  /** Carries out an action; its outcome. */
  apply(action: Action): Outcome {
    const { data, outcome } = apply(this.data, action, {
      now: new Date(),
      id: crypto.randomUUID(),
    });
    this.#set(data);
    return outcome;
  }

  dismiss(id: string): void {
    this.alerts = this.alerts.filter((alert) => alert.id !== id);
    this.endTimer(id);
  }

  endTimer(id: string): void {
    this.alerts = this.alerts.filter((alert) => alert.id !== id);
    this.#setTimers((timer) =>
      timer.id === id
        ? { ...timer, state: timer.state === 'running' ? 'cancelled' : 'done' }
        : timer,
    );
  }

  removeItem(list: string, item: string): void {
    const items = (this.data.lists[list] ?? []).filter((entry) => entry !== item);
    const { [list]: _, ...others } = this.data.lists;
    this.#set({ ...this.data, lists: items.length > 0 ? { ...others, [list]: items } : others });
  }

  removeReminder(id: string): void {
    const reminders = this.data.reminders.filter((reminder) => reminder.id !== id);
    this.#set({ ...this.data, reminders });
  }

  removeNote(id: string): void {
    this.#set({ ...this.data, notes: this.data.notes.filter((note) => note.id !== id) });
  }

  clear(): void {
    this.#set(EMPTY);
  }

  #set(data: UserData): void {
    this.data = data;
    void write('kept', data).then(() => this.#tabs.send({ type: 'kept' }));
    this.#changed();
  }

  /** Takes over what another tab has changed. */
  async #follow(): Promise<void> {
    this.data = { ...EMPTY, ...(await read<UserData>('kept')) };
    const over = this.data.timers.filter(({ state }) => state === 'done' || state === 'cancelled');
    this.alerts = this.alerts.filter(({ id }) => !over.some((timer) => timer.id === id));
    this.#changed();
  }

  #setTimers(change: (timer: Timer) => Timer): void {
    this.#set({ ...this.data, timers: this.data.timers.map(change) });
  }

  #changed(): void {
    this.#schedule();
    this.dispatchEvent(new Event('change'));
  }

  /** Wakes up at the next moment that a timer or a reminder falls due. */
  #schedule(): void {
    clearTimeout(this.#next);
    const now = Date.now();
    const moments = [
      ...this.data.timers.filter(({ state }) => state === 'running').map(({ endsAt }) => endsAt),
      ...this.data.reminders.filter(({ done }) => !done).flatMap(({ dueAt }) => dueAt ?? []),
    ];
    if (moments.length === 0) return;
    // Platform fact: a delay above 2^31 - 1 ms fires at once.
    const delay = Math.min(Math.max(0, Math.min(...moments) - now), 2 ** 31 - 1);
    this.#next = setTimeout(() => this.#ring(true), delay);
  }

  /** Lets what is due ring; silently when it fell due while the app was closed. */
  #ring(aloud: boolean): void {
    const now = Date.now();
    const due = ({ state, endsAt }: Timer) => state === 'running' && endsAt <= now;
    const reminders = this.data.reminders.filter(
      ({ done, dueAt }) => !done && dueAt !== null && dueAt <= now,
    );
    const timers = this.data.timers.filter(due);
    if (timers.length === 0 && reminders.length === 0) {
      this.#schedule();
      return;
    }
    if (aloud) this.#sound();
    this.alerts = [
      ...this.alerts,
      ...(aloud ? timers : []).map(({ id, label }) => ({ id, text: `Time is up: ${label}` })),
      ...reminders.map(({ id, text }) => ({ id, text: `Reminder: ${text}` })),
    ];
    const ids = new Set(reminders.map(({ id }) => id));
    this.#set({
      ...this.data,
      timers: this.data.timers.map((timer) =>
        due(timer) ? { ...timer, state: aloud ? 'ringing' : 'done' } : timer,
      ),
      reminders: this.data.reminders.map((reminder) =>
        ids.has(reminder.id) ? { ...reminder, done: true } : reminder,
      ),
    });
  }
}
