import { type Action, concernsUserData } from '../actions/action.ts';
import * as changes from '../actions/changes.ts';
import { apply, EMPTY, type Outcome, type Timer, type UserData } from '../actions/user-data.ts';
import { isSpan } from '../actions/when.ts';
import { Countdowns } from './countdowns.ts';
import { freshId } from './fresh-id.ts';
import { type Kept, type KeptStore, keptRecords, type Work } from './kept-records.ts';
import { forget, type Unreadable } from './set-aside.ts';
import { Tabs } from './tabs.ts';

/** The app starts without what the browser has not read by then, and shows it once it is there. */
const PATIENCE_MS = 5000;
/** Pause before what could not be stored is tried again; it doubles up to the longest. */
const RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;
/** Both clocks are looked at so often, ms: no event tells that the wall clock was set, or that a device woke up. */
const LOOK_MS = 1000;
/** Platform fact: a delay above 2^31 - 1 ms fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Something that fell due; `id` is the timer's or reminder's. */
export interface Alert {
  id: string;
  text: string;
}

/** A change on its way to the store. */
interface Waiting extends Work {
  /** Called when it is stored, or cannot be: with what came of it there, or here. */
  settle(outcome: Outcome | null): void;
}

/**
 * The user's data, as they are stored with the changes that are on their way there. Every change is made anew in the
 * transaction that stores it, on what other tabs have written meanwhile; one that cannot be stored stays here and is
 * tried again. Lets timers ring. Fires `change`.
 */
export class UserDataStore extends EventTarget {
  data: UserData = EMPTY;
  /** Stored values that cannot be read. */
  unreadable: readonly Unreadable[] = [];
  /** Why the last changes are not stored; null where they are. */
  failure: unknown = null;
  readonly #sound: () => void;
  readonly #records: KeptStore;
  readonly #tabs = new Tabs();
  readonly #countdowns = new Countdowns();
  #stored: UserData = EMPTY;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #again = false;
  /** What is stored has been seen once. */
  #met = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pause = RETRY_MS;
  #exact: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setTimeout> | undefined;

  /** Whether a change is not stored yet. */
  get unsaved(): boolean {
    return this.failure !== null || this.#waiting.length > 0;
  }

  /** `sound` rings for what falls due. */
  constructor(sound: () => void, records: KeptStore = keptRecords) {
    super();
    this.#sound = sound;
    this.#records = records;
  }

  async start(): Promise<void> {
    this.#tabs.on('kept', () => this.refresh());
    const written = this.#write();
    await Promise.race([written, after(PATIENCE_MS)]);
  }

  /** What fell due and waits to be dismissed. */
  get alerts(): Alert[] {
    const { timers, reminders } = this.data;
    return [
      ...timers.filter(({ state }) => state === 'ringing').map(over),
      ...reminders
        .filter(({ unseen }) => unseen)
        .map(({ id, text }) => ({ id, text: `Reminder: ${text}` })),
    ];
  }

  /** Timers that ended while the app was closed, to be dismissed. */
  get missed(): Alert[] {
    return this.data.timers.filter(({ missed }) => missed).map(over);
  }

  /** Milliseconds left of a timer that runs. */
  left({ id, endsAt, durationMs, state }: Timer): number {
    if (state !== 'running') return 0;
    return Math.max(0, this.#countdowns.left(id, endsAt, durationMs));
  }

  /** Carries out an action; its outcome, once that is stored or cannot be. With one `id` it is carried out once. */
  apply(action: Action, id: string = freshId()): Promise<Outcome> {
    const moment = { now: new Date(), id };
    const make = (data: UserData) => apply(data, action, moment);
    const { outcome } = make(this.data);
    if (!concernsUserData(action)) return Promise.resolve(outcome);
    const stored = this.#add({ id, make });
    return Promise.race([stored, after(PATIENCE_MS)]).then((there) => there ?? outcome);
  }

  /** Looks at the clocks and at what other tabs have stored: after a sleep, or in a page that comes back. */
  refresh(): void {
    this.#check();
    void this.#write();
  }

  dismiss(id: string): void {
    this.#change(changes.dismissed(id));
  }

  endTimer(id: string): void {
    this.#change(changes.dismissed(id));
  }

  removeItem(list: string, item: string): void {
    this.#change(changes.withoutItem(list, item));
  }

  removeReminder(id: string): void {
    this.#change(changes.withoutReminder(id));
  }

  removeNote(id: string): void {
    this.#change(changes.withoutNote(id));
  }

  clear(): void {
    this.#change(changes.without(this.data));
  }

  /** Deletes the stored values that cannot be read. */
  async forgetUnreadable(): Promise<void> {
    await forget(this.unreadable);
    this.refresh();
  }

  #change(change: changes.Change): void {
    void this.#add({ id: null, make: (data) => ({ data: change(data), outcome: null }) });
  }

  #add(work: Work): Promise<Outcome | null> {
    const { outcome } = work.make(this.data);
    return new Promise((resolve) => {
      const settle = (stored: Outcome | null) => resolve(stored ?? outcome);
      this.#waiting = [...this.#waiting, { ...work, settle }];
      this.#show();
      void this.#write();
    });
  }

  /** Stores what waits and reads what is stored. While that is on its way, the next time waits for it. */
  #write(): Promise<void> {
    this.#again = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
      if (this.#again) void this.#write();
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    do {
      this.#again = false;
      const batch = this.#waiting;
      try {
        const { outcomes, ...kept } = await this.#records.commit(batch);
        this.#take(kept, batch.length);
        batch.forEach(({ settle }, i) => void settle(outcomes[i] ?? null));
        if (batch.length > 0) this.#tabs.send({ type: 'kept' });
      } catch (error) {
        return this.#postpone(error, batch);
      }
    } while (this.#again);
  }

  /** Goes on from what is stored now; the first `done` changes are part of it. */
  #take({ data, unreadable }: Kept, done: number): void {
    this.failure = null;
    this.#pause = RETRY_MS;
    this.#stored = data;
    this.unreadable = unreadable;
    this.#waiting = this.#waiting.slice(done);
    if (!this.#met) this.#greet();
    this.#show();
  }

  /** What could not be stored stays here, is told, and is tried again. */
  async #postpone(error: unknown, batch: readonly Waiting[]): Promise<void> {
    console.warn('Pocketbit could not keep what changed:', error);
    this.failure = error;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#write(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_RETRY_MS);
    // A full disk refuses to be written, and can be read.
    const kept = this.#met ? null : await this.#records.read().catch(() => null);
    if (kept) this.#stored = kept.data;
    for (const { settle } of batch) settle(null);
    this.#show();
  }

  #greet(): void {
    this.#met = true;
    const change = changes.returned(Date.now());
    if (JSON.stringify(change(this.#stored)) !== JSON.stringify(this.#stored)) this.#change(change);
  }

  #show(): void {
    this.data = this.#waiting.reduce((data, { make }) => make(data).data, this.#stored);
    this.#check();
    this.dispatchEvent(new Event('change'));
  }

  /** What waits for its moment, with what is left of it, ms. */
  #pending(): { id: string; left: number }[] {
    const timers = this.data.timers.filter(({ state }) => state === 'running');
    const reminders = this.data.reminders.filter(({ done, dueAt }) => !done && dueAt !== null);
    return [
      ...timers.map((timer) => ({ id: timer.id, left: this.left(timer) })),
      ...reminders.map(({ id, dueAt, when }) => ({
        id,
        left: isSpan(when) ? this.#countdowns.left(id, dueAt!) : dueAt! - Date.now(),
      })),
    ];
  }

  /** Lets ring what is due by either clock, and wakes up at the next moment. */
  #check(): void {
    const next = this.#ring();
    clearTimeout(this.#exact);
    if (next === null) return;
    this.#exact = setTimeout(() => this.#check(), Math.min(next, MAX_DELAY_MS));
    this.#lookAgain();
  }

  /** Platform fact: in a hidden page chained timeouts come once a minute, so the exact one is no link of this chain. */
  #lookAgain(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => {
      if (this.#ring() !== null) this.#lookAgain();
    }, LOOK_MS);
  }

  /** Lets ring what is due; milliseconds until the next that is, null where nothing waits or a change took this over. */
  #ring(): number | null {
    const pending = this.#pending();
    const due = new Set(pending.filter(({ left }) => left <= 0).map(({ id }) => id));
    this.#countdowns.keep(new Set(pending.map(({ id }) => id)));
    const change = due.size > 0 ? changes.rung(due) : this.#correction();
    if (due.size > 0) this.#sound();
    if (change) this.#change(change);
    return change || pending.length === 0 ? null : Math.min(...pending.map(({ left }) => left));
  }

  /** Where the wall clock was set back: what it will show at the end, for a reload and for other tabs. */
  #correction(): changes.Change | null {
    for (const { id, endsAt, durationMs, state } of this.data.timers) {
      const at = state === 'running' ? this.#countdowns.corrected(id, endsAt, durationMs) : null;
      if (at !== null) return changes.corrected(id, at);
    }
    return null;
  }
}

function over({ id, label }: Timer): Alert {
  return { id, text: `Time is up: ${label}` };
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}
