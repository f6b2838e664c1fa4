import { createStore, type UseStore } from 'idb-keyval';

let opened: UseStore | undefined;

/** Conversations and marks; a database of its own, so that it never waits for a model's chunks. */
export function sessionDatabase(): UseStore {
  // Where there is no IndexedDB, opening throws; here that is a rejection, as every other failure.
  return async (mode, work) => {
    opened ??= createStore('pocketbit-session', 'records');
    return opened(mode, work);
  };
}
