import { createStore, type UseStore } from 'idb-keyval';

let use: UseStore | undefined;

/** Conversations and marks; a database of its own, so that it never waits for a model's chunks. */
export function sessionDatabase(): UseStore {
  use ??= createStore('pocketbit-session', 'records');
  return use;
}
