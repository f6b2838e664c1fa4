import type { UseStore } from 'idb-keyval';
import { database } from './database.ts';

/** The database of conversations and crash markers; one of its own, so that it never waits for a model's chunks. */
export function sessionStore(): UseStore {
  return database('pocketbit-session', 'records');
}
