import { del, get, set } from 'idb-keyval';
import { sessionStore } from '../store/session-database.ts';
import { type Caution, type Crash, isCaution, isMarker, MIN_CONTEXT } from './crash-marker.ts';
import { isHeld, visitLock } from './locks.ts';

/** How long a crash is remembered. */
const CAUTION_MS = 7 * 86_400_000;

/** The key in localStorage that says that a visit's page was left or hidden. */
const awayKey = (visit: string) => `pocketbit-away:${visit}`;

/** A page's view of the crash markers: what earlier visits left, and its own name in those of this one. */
export class CrashReports {
  readonly #store = sessionStore();
  #visit: string | undefined;

  /** This page's name in its markers. */
  get visit(): string {
    const random = () => crypto.getRandomValues(new Uint32Array(3));
    this.#visit ??= Array.from(random(), (n) => n.toString(36)).join('-');
    return this.#visit;
  }

  /** The crash that a marker for this model records; `forget` deletes the marker. */
  async find(source: string, forget: boolean): Promise<Crash | null> {
    try {
      const marker: unknown = await get(['mark', source], this.#store);
      if (!isMarker(marker) || (await isHeld(visitLock(marker.visit)))) return null;
      const left = localStorage.getItem(awayKey(marker.visit)) !== null;
      if (forget || left) {
        await del(['mark', source], this.#store);
        localStorage.removeItem(awayKey(marker.visit));
      }
      const { phase, contextLength, residentBytes, at } = marker;
      return left ? null : { phase, contextLength, residentBytes, at };
    } catch {
      return null;
    }
  }

  /** The largest context that this model starts with after `crash`, or after an earlier one; null for any. */
  async maxContext(source: string, crash: Crash | null): Promise<number | null> {
    const key = ['caution', source];
    const stored: unknown = await get(key, this.#store).catch(() => undefined);
    // A clock that was set back leaves times of the future.
    const recent =
      isCaution(stored) && Math.abs(Date.now() - stored.at) < CAUTION_MS ? stored : null;
    if (!crash?.contextLength || crash.phase === 'download') return recent?.contextLength ?? null;
    const contextLength = Math.max(MIN_CONTEXT, crash.contextLength >> 1);
    const caution: Caution = { version: 1, contextLength, at: Date.now(), again: recent !== null };
    await set(key, caution, this.#store).catch(() => {});
    return contextLength;
  }

  /**
   * While `work` runs, notes in localStorage, which is written at once, that the person left or hid the page: a page that
   * ends then was not taken down by its work.
   */
  noteLeaving(work: Promise<unknown>): void {
    const key = awayKey(this.visit);
    const note = ({ type }: Event) => {
      const away = type === 'pagehide' || document.visibilityState === 'hidden';
      try {
        if (away) localStorage.setItem(key, '');
        else localStorage.removeItem(key);
      } catch {
        // Without storage there are no markers either.
      }
    };
    addEventListener('pagehide', note);
    document.addEventListener('visibilitychange', note);
    const stop = () => {
      removeEventListener('pagehide', note);
      document.removeEventListener('visibilitychange', note);
    };
    work.then(stop, stop);
  }
}
