import { PocketbitError } from '@pocketbit/core';
import type { UseStore } from 'idb-keyval';

/** Pauses before a transaction that failed is tried again, milliseconds. */
const PAUSES_MS = [50, 250, 1000];
/** A database that has not opened after this many beats is not waited for any longer. */
const OPEN_BEATS = 4;
const BEAT_MS = 1250;

/**
 * The objects of a database of this origin. It opens with its first use, closes where another page wants to delete or
 * upgrade it, and opens again with the next use. A transaction that fails is undone and tried again on a new connection;
 * `work` is called anew for that. Errors: the last one of IndexedDB; `storage` where the database does not open in time.
 */
export function database(name: string, objects: string): UseStore {
  let connection: Promise<IDBDatabase> | undefined;
  const forget = (old: Promise<IDBDatabase>) => {
    if (connection === old) connection = undefined;
  };
  const connect = () => {
    const opening = open(name, objects, () => forget(opening));
    opening.catch(() => forget(opening));
    return opening;
  };
  return async (mode, work) => {
    if (!globalThis.indexedDB) throw new Error('This browser has no IndexedDB.');
    for (let tries = 0; ; tries++) {
      connection ??= connect();
      const used = connection;
      try {
        return await transact((await used).transaction(objects, mode), work);
      } catch (error) {
        if (tries === PAUSES_MS.length || isFinal(error)) throw error;
        forget(used);
        used.then(
          (stale) => stale.close(),
          () => {},
        );
        await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[tries]));
      }
    }
  };
}

/** Whether the browser gives this page no database at all. */
export function isRefused(error: unknown): boolean {
  // Platform fact: where the user has blocked the site's data, Chromium says "UnknownError: … denied permission …".
  return !globalThis.indexedDB || /Security|denied/.test(String(error));
}

/** Whether trying again is of no use. */
function isFinal(error: unknown): boolean {
  return error instanceof PocketbitError || isRefused(error) || /Quota/.test(String(error));
}

async function transact<T>(
  transaction: IDBTransaction,
  work: (objects: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await work(transaction.objectStore(transaction.objectStoreNames[0]!));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It is over already.
    }
    throw error;
  }
}

/** Opens a database as whatever version it has; calls `closed` when the connection is no more. */
function open(
  name: string,
  objects: string,
  closed: () => void,
  version?: number,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    // Platform fact: a page that was frozen finds its timer due before the answer, so one timer proves nothing.
    const wait = (beats: number) => {
      if (beats === 0) reject(heldUp(name));
      else if (request.readyState === 'pending') setTimeout(wait, BEAT_MS, beats - 1);
    };
    wait(OPEN_BEATS);
    request.onupgradeneeded = () => request.result.createObjectStore(objects);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const opened = request.result;
      opened.onclose = closed;
      opened.onversionchange = () => {
        opened.close();
        closed();
      };
      if (opened.objectStoreNames.length > 0) return resolve(opened);
      // Another script opened a database of this name after it was deleted, and left it empty.
      opened.close();
      resolve(open(name, objects, closed, opened.version + 1));
    };
  });
}

function heldUp(name: string): PocketbitError {
  return new PocketbitError(
    'storage',
    `IndexedDB does not open "${name}": another page holds it up. Close this site's other tabs and reload.`,
  );
}
