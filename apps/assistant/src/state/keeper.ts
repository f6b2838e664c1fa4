import type { Action } from '../actions/action.ts';
import { apply, EMPTY, type Kept, type Outcome, type Timer } from '../actions/kept.ts';
import { soundAlarm } from './alarm.ts';
import { keep, recall } from './database.ts';
import { Tabs } from './tabs.ts';

/** Timers that ended longer ago are forgotten. */
const WEEK_MS = 7 * 86_400_000;

/** Something that fell due; `id` is the timer's or reminder's. */
export interface Alert {
  id: string;
  text: string;
}

/** Holds what the app keeps for the user, saves every change, takes over those of other tabs and lets timers ring. */
export class Keeper extends EventTarget {
  kept: Kept = EMPTY;
  /** What fell due and waits to be dismissed. */
  alerts: Alert[] = [];
  readonly #sound: () => void;
  readonly #tabs = new Tabs();
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(sound: () => void = soundAlarm) {
    super();
    this.#sound = sound;
  }

  async start(): Promise<void> {
    const kept = { ...EMPTY, ...(await recall<Kept>('kept')) };
    const recent = ({ endsAt }: Timer) => endsAt > Date.now() - WEEK_MS;
    this.kept = { ...kept, timers: kept.timers.filter(recent) };
    this.#ring(false);
    this.#changed();
    this.#tabs.on('kept', () => this.#follow());
  }

  /** Carries out an action and tells what came of it. */
  apply(action: Action): Outcome {
    const { kept, outcome } = apply(this.kept, action, {
      now: new Date(),
      id: crypto.randomUUID(),
    });
    this.#set(kept);
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
    const items = (this.kept.lists[list] ?? []).filter((entry) => entry !== item);
    const { [list]: _, ...others } = this.kept.lists;
    this.#set({ ...this.kept, lists: items.length > 0 ? { ...others, [list]: items } : others });
  }

  removeReminder(id: string): void {
    const reminders = this.kept.reminders.filter((reminder) => reminder.id !== id);
    this.#set({ ...this.kept, reminders });
  }

  removeNote(id: string): void {
    this.#set({ ...this.kept, notes: this.kept.notes.filter((note) => note.id !== id) });
  }

  clear(): void {
    this.#set(EMPTY);
  }

  #set(kept: Kept): void {
    this.kept = kept;
    void keep('kept', kept).then(() => this.#tabs.say({ type: 'kept' }));
    this.#changed();
  }

  /** Takes over what another tab has changed. */
  async #follow(): Promise<void> {
    this.kept = { ...EMPTY, ...(await recall<Kept>('kept')) };
    const over = this.kept.timers.filter(({ state }) => state === 'done' || state === 'cancelled');
    this.alerts = this.alerts.filter(({ id }) => !over.some((timer) => timer.id === id));
    this.#changed();
  }

  #setTimers(change: (timer: Timer) => Timer): void {
    this.#set({ ...this.kept, timers: this.kept.timers.map(change) });
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
      ...this.kept.timers.filter(({ state }) => state === 'running').map(({ endsAt }) => endsAt),
      ...this.kept.reminders.filter(({ done }) => !done).flatMap(({ dueAt }) => dueAt ?? []),
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
    const reminders = this.kept.reminders.filter(
      ({ done, dueAt }) => !done && dueAt !== null && dueAt <= now,
    );
    const timers = this.kept.timers.filter(due);
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
      ...this.kept,
      timers: this.kept.timers.map((timer) =>
        due(timer) ? { ...timer, state: aloud ? 'ringing' : 'done' } : timer,
      ),
      reminders: this.kept.reminders.map((reminder) =>
        ids.has(reminder.id) ? { ...reminder, done: true } : reminder,
      ),
    });
  }
}
