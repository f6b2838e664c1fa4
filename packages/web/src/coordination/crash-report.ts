import { del, get, set } from 'idb-keyval';
import { sessionDatabase } from '../store/session-database.ts';
import { awayKey, type Caution, type Crash, lockOf, type Mark } from './crash-marker.ts';

let visit: string | undefined;

/** This page's name in its marks. */
export function visitName(): string {
  visit ??= Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join('-');
  return visit;
}

/** The crash that a mark for this model tells of; `forget` takes the mark away. */
export async function crashOf(source: string, forget: boolean): Promise<Crash | null> {
  try {
    const mark = await get<Mark>(['mark', source], sessionDatabase());
    if (!mark || (await alive(mark.visit))) return null;
    const left = localStorage.getItem(awayKey(mark.visit)) !== null;
    if (forget || left) {
      await del(['mark', source], sessionDatabase());
      localStorage.removeItem(awayKey(mark.visit));
    }
    const { visit, ...crash } = mark;
    return left ? null : crash;
  } catch {
    return null;
  }
}

async function alive(visit: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === lockOf(visit));
}

/**
 * While `work` runs, notes in localStorage, which is written at once, that the person left or hid the page: a page that
 * ends then was not taken down by its work.
 */
export function noteLeaving(work: Promise<unknown>): void {
  const key = awayKey(visitName());
  const note = ({ type }: Event) => {
    const away = type === 'pagehide' || document.visibilityState === 'hidden';
    try {
      if (away) localStorage.setItem(key, '');
      else localStorage.removeItem(key);
    } catch {
      // Without storage there are no marks either.
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

/** How long a crash is remembered. */
const CAUTION_MS = 7 * 86_400_000;
/** A context below this is no use for a conversation. */
const LEAST_CONTEXT = 256;

/** The largest context that this model starts with after `crash`, or after an earlier one; null for any. */
export async function cautiousContext(source: string, crash: Crash | null): Promise<number | null> {
  const key = ['caution', source];
  const kept = await get<Caution>(key, sessionDatabase()).catch(() => undefined);
  const recent = kept && Date.now() - kept.at < CAUTION_MS ? kept : null;
  if (!crash?.contextLength || crash.phase === 'download') return recent?.contextLength ?? null;
  const contextLength = Math.max(LEAST_CONTEXT, crash.contextLength >> 1);
  const caution: Caution = { contextLength, at: Date.now(), again: recent !== null };
  await set(key, caution, sessionDatabase()).catch(() => {});
  return contextLength;
}
