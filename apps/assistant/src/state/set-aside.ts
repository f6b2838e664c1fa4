import { entriesUnder, transact } from './database.ts';
import { freshId } from './fresh-id.ts';

/** What is stored and cannot be read, as it is stored. */
export interface Unreadable {
  readonly key: IDBValidKey;
  readonly value: unknown;
}

const FOLDER = 'aside';

/** Within a transaction: keeps a value that is about to be replaced by what could be read of it. */
export function keepAside(records: IDBObjectStore, key: IDBValidKey, value: unknown): void {
  const record = { version: 1, key, value, at: Date.now() };
  records.put(record, [FOLDER, freshId()]);
}

/** Keeps a copy of a record of another database; under one `name` there is one. Rejects where it is not stored. */
export async function copyAside(name: IDBValidKey[], value: unknown): Promise<void> {
  const record = { version: 1, key: name, value, at: Date.now() };
  await transact('readwrite', (records) => {
    records.put(record, [FOLDER, ...name]);
  });
}

/** Within a transaction: everything that was set aside. */
export async function setAside(records: IDBObjectStore): Promise<Unreadable[]> {
  const found = await entriesUnder(records, FOLDER);
  return found.map(([key, value]) => ({ key, value }));
}

/** Deletes what cannot be read, or was set aside. */
export function forget(unreadable: readonly Unreadable[]): Promise<void> {
  return transact('readwrite', (records) => {
    for (const { key } of unreadable) records.delete(key);
  });
}
