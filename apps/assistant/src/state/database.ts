import { createStore, get, set } from 'idb-keyval';

const store = createStore('pocketbit-assistant', 'state');

/** A value the app stored; undefined where there is none or the browser stores nothing. */
export async function read<T>(key: string): Promise<T | undefined> {
  try {
    return await get<T>(key, store);
  } catch {
    return undefined;
  }
}

/** Stores a value. Without IndexedDB (private mode) the app goes on and forgets it with the page. */
export async function write(key: string, value: unknown): Promise<void> {
  try {
    await set(key, value, store);
  } catch (error) {
    console.warn(`Pocketbit could not keep "${key}":`, error);
  }
}
