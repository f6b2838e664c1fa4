/**
 * What is left of a visit that ended in the middle. Before each phase that may take the page down, the worker writes a
 * marker, and deletes it afterwards. A marker found later whose page is gone and did not leave by itself means a crash:
 * browsers kill a page that takes too much memory without notice.
 */
import {
  isCount,
  isFirstVersion,
  isFlag,
  isNumber,
  isOneOf,
  isRecordOf,
  isText,
  orNull,
  shape,
} from '@pocketbit/core';
import { del, get, set } from 'idb-keyval';
import { sessionStore } from '../store/session-database.ts';
import { hold, visitLock } from './locks.ts';

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

/** The form of both records; absent in those of versions before 0.2. What has another is not read, and not a reason. */
type Versioned = { version?: 1 };

/** The stored record of a marker. */
export interface MarkerRecord extends Crash, Versioned {
  visit: string;
}

/** What a crash came to: until a token is made, or after a second one for a week, the model starts with less. */
export interface Caution extends Versioned {
  /** Positions it starts with; null for any. */
  contextLength: number | null;
  /** When the crash was found, milliseconds since 1970. */
  at: number;
  /** It was not the first in a week. */
  again: boolean;
}

/** A context below this is no use for a conversation. */
export const MIN_CONTEXT = 256;

export const isMarker = isRecordOf<MarkerRecord>({
  version: isFirstVersion,
  phase: isOneOf<RiskyPhase>('download', 'load', 'generate'),
  contextLength: orNull(isCount),
  residentBytes: orNull(isCount),
  at: isNumber,
  visit: isText,
});

export const isCaution = isRecordOf<Caution>({
  version: isFirstVersion,
  contextLength: orNull(shape<number>((value) => isCount(value) && value >= MIN_CONTEXT)),
  at: isNumber,
  again: isFlag,
});

/** The worker's crash marker for one model. Without Web Locks a crash looks like another tab: then it writes none. */
export class CrashMarker {
  readonly #store = sessionStore();
  readonly #key: [kind: 'mark', source: string] | null;
  readonly #visit: string;

  constructor(source: string, visit: string | undefined) {
    this.#visit = visit ?? '';
    this.#key = visit && globalThis.navigator?.locks ? ['mark', source] : null;
    // Held until the worker ends, however it ends.
    if (this.#key) void hold(visitLock(this.#visit), { mode: 'shared' });
  }

  /** Writes the marker for a phase that begins, in place of an earlier one. */
  async set(phase: RiskyPhase, held?: { contextLength: number; residentBytes: number }) {
    if (!this.#key) return;
    const { contextLength = null, residentBytes = null } = held ?? {};
    const size = { contextLength, residentBytes };
    const marker = { version: 1 as const, phase, ...size, at: Date.now(), visit: this.#visit };
    await set(this.#key, marker satisfies MarkerRecord, this.#store).catch(() => {});
  }

  async clear(): Promise<void> {
    if (this.#key) await del(this.#key, this.#store).catch(() => {});
  }

  /** A token was made: clears the marker and, unless the crash came twice, what it taught. */
  async survived(): Promise<void> {
    await this.clear();
    if (!this.#key) return;
    const key = ['caution', this.#key[1]];
    const stored: unknown = await get(key, this.#store);
    if (isCaution(stored) && !stored.again)
      await set(key, { ...stored, contextLength: null }, this.#store);
  }
}
