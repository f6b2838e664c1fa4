import { promisifyRequest } from 'idb-keyval';

const NAME = 'pocketbit-assistant';
/** The one store of the database, without keys of its own; versions before 0.3 made it too. */
const STORE = 'state';

let connection: Promise<IDBDatabase> | null = null;

/** The database; one whose store is missing, after a creation that was cut off, gets it. */
async function open(version?: number): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, version);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await promisifyRequest(request);
  const forget = () => {
    database.close();
    connection = null;
  };
  // Whoever deletes or upgrades the database waits until every connection is closed.
  database.onversionchange = forget;
  database.onclose = forget;
  if (database.objectStoreNames.contains(STORE)) return database;
  database.close();
  return open(database.version + 1);
}

async function begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
  connection ??= open();
  const opening = connection;
  try {
    return (await opening).transaction(STORE, mode);
  } catch (error) {
    if (connection === opening) connection = null;
    throw error;
  }
}

/**
 * Runs `work` in one transaction over what the app stores, and resolves once it is written. All of it or nothing: where a
 * request fails or `work` throws, the transaction is undone and this rejects. `work` waits for nothing but its requests.
 */
export async function transact<T>(
  mode: IDBTransactionMode,
  work: (records: IDBObjectStore) => Promise<T> | T,
): Promise<T> {
  // A connection that the browser has closed meanwhile says so at its next use.
  const transaction = await begin(mode).catch(() => begin(mode));
  const written = promisifyRequest(transaction);
  written.catch(() => {});
  try {
    const result = await work(transaction.objectStore(STORE));
    await written;
    return result;
  } catch (error) {
    undo(transaction);
    throw error ?? new DOMException('The transaction was undone.', 'AbortError');
  }
}

function undo(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It is over already.
  }
}

/** The records whose keys are arrays that begin with `first`, with their keys, in the order of those. */
export async function entriesUnder(
  records: IDBObjectStore,
  first: string,
): Promise<[key: IDBValidKey[], value: unknown][]> {
  // Keys are arrays, ordered by their elements; an array comes after every text.
  const range = IDBKeyRange.bound([first], [first, []]);
  const [keys, values] = await Promise.all([
    promisifyRequest(records.getAllKeys(range)),
    promisifyRequest<unknown[]>(records.getAll(range)),
  ]);
  return keys.map((key, i) => [key as IDBValidKey[], values[i]]);
}

/** A value the app stored; undefined where there is none or it cannot be read. */
export async function read(key: IDBValidKey): Promise<unknown> {
  const get = (records: IDBObjectStore) => promisifyRequest<unknown>(records.get(key));
  return transact('readonly', get).catch(() => undefined);
}

/** Stores a value. Without IndexedDB (private mode) the app goes on and forgets it with the page. */
export async function write(key: IDBValidKey, value: unknown): Promise<void> {
  try {
    await transact('readwrite', (records) => promisifyRequest(records.put(value, key)));
  } catch (error) {
    console.warn(`Pocketbit could not keep "${String(key)}":`, error);
  }
}
