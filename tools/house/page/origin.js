// Everything that this origin keeps in IndexedDB and localStorage, read and written.
import { decode, encode } from './values.js';

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Every database with its stores and records, and localStorage, as JSON; or only the databases that are wanted. */
export async function readOrigin(wanted = () => true) {
  const databases = [];
  for (const { name, version } of (await indexedDB.databases()).filter(wanted)) {
    databases.push(await readDatabase(name ?? '', version ?? 1));
  }
  databases.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { databases, local: { ...localStorage } };
}

async function readDatabase(name, version) {
  const database = await done(indexedDB.open(name));
  const stores = [];
  for (const store of database.objectStoreNames) {
    const objects = database.transaction(store).objectStore(store);
    const { keyPath, autoIncrement } = objects;
    const [keys, values] = await Promise.all([done(objects.getAllKeys()), done(objects.getAll())]);
    const records = keys.map((key, i) => ({ key: encode(key), value: encode(values[i]) }));
    stores.push({ name: store, keyPath, autoIncrement, records });
  }
  database.close();
  return { name, version, stores };
}

/** Writes what `readOrigin` gave into an origin that keeps nothing yet. */
export async function writeOrigin({ databases, local }) {
  for (const database of databases) await writeDatabase(database);
  for (const [key, value] of Object.entries(local)) localStorage.setItem(key, value);
}

async function writeDatabase({ name, version, stores }) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => {
    for (const { name: store, keyPath, autoIncrement } of stores) {
      opening.result.createObjectStore(store, { keyPath, autoIncrement });
    }
  };
  const database = await done(opening);
  for (const { name: store, records } of stores) {
    const objects = database.transaction(store, 'readwrite').objectStore(store);
    for (const { key, value } of records) objects.put(decode(value), decode(key));
    await new Promise((resolve, reject) => {
      objects.transaction.oncomplete = resolve;
      objects.transaction.onabort = () => reject(objects.transaction.error);
    });
  }
  database.close();
}

/** How many timings of kernels are stored, of all artifacts. */
export async function storedTimings() {
  const { databases } = await readOrigin(({ name }) => name === 'pocketbit-kernels');
  const records = databases.flatMap(({ stores }) => stores.flatMap((store) => store.records));
  return records.reduce((sum, { value }) => sum + value.timings.length, 0);
}

/** Stores a value in a database of its own, as a page would a saved session. */
export async function storeValue(value) {
  const opening = indexedDB.open('house', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
  const database = await done(opening);
  await done(database.transaction('kept', 'readwrite').objectStore('kept').put(value, 'session'));
  database.close();
}

/** That value. */
export async function storedValue() {
  const database = await done(indexedDB.open('house'));
  const value = await done(database.transaction('kept').objectStore('kept').get('session'));
  database.close();
  return value;
}
