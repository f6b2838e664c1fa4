import { createStore, type UseStore } from 'idb-keyval';

/** The database of conversations and crash markers; one of its own, so that it never waits for a model's chunks. */
export function sessionStore(): UseStore {
  const use = createStore('pocketbit-session', 'records');
  // Where there is no IndexedDB, the first use throws; here that is a rejection, as every other failure.
  return async (mode, work) => use(mode, work);
}
