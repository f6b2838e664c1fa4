import { createStore, get, set, type UseStore } from 'idb-keyval';

let use: UseStore | undefined;

/** A value the app kept; undefined where there is none or the browser keeps nothing. */
export async function recall<T>(key: string): Promise<T | undefined> {
  try {
    return await get<T>(key, store());
  } catch {
    return undefined;
  }
}

/** Keeps a value. Without IndexedDB (private mode) the app goes on and forgets it with the page. */
export async function keep(key: string, value: unknown): Promise<void> {
  try {
    await set(key, value, store());
  } catch (error) {
    console.warn(`Pocketbit could not keep "${key}":`, error);
  }
}

function store(): UseStore {
  use ??= createStore('pocketbit-assistant', 'state');
  return use;
}
