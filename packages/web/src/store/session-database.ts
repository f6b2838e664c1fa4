import { createStore, type UseStore } from 'idb-keyval';

/** The database of conversations and crash markers; one of its own, so that it never waits for a model's chunks. */
export function sessionStore(): UseStore {
  let opened: UseStore | undefined;
  // Where there is no IndexedDB, opening throws; here that is a rejection, as every other failure.
  return async (mode, work) => {
    opened ??= createStore('pocketbit-session', 'records');
    return opened(mode, work);
  };
}
