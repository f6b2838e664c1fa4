/**
 * What is left of a visit that ended in the middle. Before each phase that may take the page down, the worker writes a
 * mark, and lifts it afterwards. A mark found later whose page is gone and did not leave by itself tells of a crash:
 * browsers kill a page that takes too much memory without a word.
 */
import { del, get, set } from 'idb-keyval';
import { sessionDatabase } from '../store/session-database.ts';

export type RiskyPhase = 'download' | 'load' | 'generate';

/** A visit that ended in the middle. */
export interface Crash {
  phase: RiskyPhase;
  /** Positions of the KV cache; null while the model was not known. */
  contextLength: number | null;
  /** What the engine was to hold, bytes; null while the model was not known. */
  residentBytes: number | null;
  /** When the phase began, milliseconds since 1970. */
  at: number;
}

export interface Mark extends Crash {
  visit: string;
}

/** What a crash came to: until a token is made, or after a second one for a week, the model starts with less. */
export interface Caution {
  /** Positions it starts with; null for any. */
  contextLength: number | null;
  /** When the crash was found, milliseconds since 1970. */
  at: number;
  /** It was not the first in a week. */
  again: boolean;
}

export const lockOf = (visit: string) => `pocketbit-visit:${visit}`;
export const awayKey = (visit: string) => `pocketbit-away:${visit}`;

/** The worker's marks for one model. Without Web Locks nobody could tell a crash from another tab: then it makes none. */
export class Marks {
  readonly #key: [kind: 'mark', source: string] | null;
  readonly #visit: string;

  constructor(source: string, visit: string | undefined) {
    this.#visit = visit ?? '';
    this.#key = visit && globalThis.navigator?.locks ? ['mark', source] : null;
    // Held until the worker ends, however it ends.
    const hold = () => new Promise(() => {});
    if (!this.#key) return;
    navigator.locks.request(lockOf(this.#visit), { mode: 'shared' }, hold).catch(() => {});
  }

  /** Writes the mark, in place of an earlier one. */
  async lay(phase: RiskyPhase, size?: { contextLength: number; residentBytes: number }) {
    if (!this.#key) return;
    const { contextLength = null, residentBytes = null } = size ?? {};
    const mark = { phase, contextLength, residentBytes, at: Date.now(), visit: this.#visit };
    await set(this.#key, mark satisfies Mark, sessionDatabase()).catch(() => {});
  }

  async lift(): Promise<void> {
    if (this.#key) await del(this.#key, sessionDatabase()).catch(() => {});
  }

  /** A token was made: lifts the mark and, unless it came twice, what a crash taught. */
  async prove(): Promise<void> {
    await this.lift();
    if (!this.#key) return;
    const key = ['caution', this.#key[1]];
    const kept = await get<Caution>(key, sessionDatabase());
    if (kept && !kept.again) await set(key, { ...kept, contextLength: null }, sessionDatabase());
  }
}
