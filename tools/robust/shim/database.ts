// IndexedDB: failures are those of real transactions, so that events, bubbling and rollback are the browser's own.
import { expects, failure, meet, wait } from './core.ts';
import { DELAY_MS } from './fault.ts';
import { replace } from './wrap.ts';

type Names = string | Iterable<string>;

/** A key that the product does not use. */
const KEY = -1;
const REQUESTS = [
  ...['get', 'getKey', 'getAll', 'getAllKeys', 'count', 'openCursor', 'openKeyCursor'],
  ...['put', 'add', 'delete', 'clear'],
];

const realOpen = globalThis.indexedDB?.open;
const realTransaction = globalThis.IDBDatabase?.prototype.transaction;
const { get, put, add } = globalThis.IDBObjectStore?.prototype ?? {};
/** Requests made of a transaction since it was last looked at. */
const made = new WeakMap<IDBTransaction, number>();

export function shimDatabase(): void {
  if (!realOpen) return;
  replace(
    IDBFactory.prototype,
    'open',
    (real) =>
      function (this: unknown, ...input) {
        const mode = meet('idb.open');
        if (mode === 'throw') throw failure('SecurityError');
        if (mode === 'error') return failingOpen();
        const request = Reflect.apply(real, this, input) as IDBOpenDBRequest;
        if (mode === 'delay') delaySuccess(request);
        if (mode === 'close') closeAfter(request);
        return request;
      },
  );
  replace(IDBDatabase.prototype, 'transaction', () => transaction as never);
  for (const name of REQUESTS) wrapRequest(IDBObjectStore.prototype, name);
  for (const name of REQUESTS) wrapRequest(IDBIndex.prototype, name);
}

/** A request of a database that cannot be opened. */
function failingOpen(): IDBOpenDBRequest {
  const request = realOpen.call(indexedDB, `inject-${Math.random()}`);
  Object.defineProperty(request, 'error', { value: failure('UnknownError') });
  request.addEventListener('upgradeneeded', (event) => {
    event.stopImmediatePropagation();
    request.transaction?.abort();
  });
  return request;
}

function delaySuccess(request: IDBOpenDBRequest): void {
  let held = false;
  request.addEventListener('success', (event) => {
    if (held) return;
    held = true;
    event.stopImmediatePropagation();
    void wait(DELAY_MS).then(() => request.dispatchEvent(new Event('success')));
  });
}

/** The browser closes the database by itself, as when its files are deleted or its process dies. */
function closeAfter(request: IDBOpenDBRequest): void {
  request.addEventListener('success', () => {
    const { result } = request;
    void wait(100).then(() => closeNow(result));
  });
}

/** The connection is gone before its event comes. */
function closeNow(database: IDBDatabase): void {
  database.close();
  void wait(20).then(() => database.dispatchEvent(new Event('close')));
}

function transaction(
  this: IDBDatabase,
  names: Names,
  mode?: IDBTransactionMode,
  options?: IDBTransactionOptions,
): IDBTransaction {
  const fault = meet('idb.transaction');
  if (fault === 'closed') closeNow(this);
  if (fault === 'delay') holdStore(this, names);
  // A request can be made to fail only where it may write.
  const written = expects('idb.') ? 'readwrite' : mode;
  const made = realTransaction.call(this, names as string[], written, options);
  if (fault === 'commit') queueMicrotask(() => failAtCommit(made, 'UnknownError'));
  if (fault === 'quota') queueMicrotask(() => failAtCommit(made, 'QuotaExceededError'));
  return made;
}

/** Another transaction has the stores for a while. */
function holdStore(database: IDBDatabase, names: Names): void {
  const end = performance.now() + DELAY_MS;
  const blocker = realTransaction.call(database, names as string[], 'readwrite');
  const again = () => {
    if (performance.now() > end) return;
    get!.call(firstStore(blocker), KEY).onsuccess = again;
  };
  again();
}

function firstStore(of: IDBTransaction): IDBObjectStore {
  return of.objectStore(of.objectStoreNames[0]!);
}

/** Every request succeeds, and then the transaction does not. */
function failAtCommit(of: IDBTransaction, name: string): void {
  made.set(of, 0);
  try {
    get!.call(firstStore(of), KEY).onsuccess = () => {
      if (made.get(of)) return failAtCommit(of, name);
      Object.defineProperty(of, 'error', { value: failure(name) });
      of.abort();
    };
  } catch {
    // It had no request and is over.
  }
}

function wrapRequest(prototype: object, name: string): void {
  replace(
    prototype,
    name,
    (real) =>
      function (this: unknown, ...input) {
        const mode = meet(`idb.${name}`);
        const store = this instanceof IDBIndex ? this.objectStore : (this as IDBObjectStore);
        made.set(store.transaction, (made.get(store.transaction) ?? 0) + 1);
        if (mode === 'throw') throw failure('DataCloneError');
        if (mode === 'error') return failing(store, 'UnknownError');
        if (mode === 'quota') return failing(store, 'QuotaExceededError');
        if (mode === 'abort') queueMicrotask(() => store.transaction.abort());
        return Reflect.apply(real, this, input);
      },
  );
}

/** A request that fails by itself, under another name. */
function failing(store: IDBObjectStore, name: string): IDBRequest {
  const { keyPath } = store;
  const entry: [unknown, number?] = typeof keyPath === 'string' ? [{ [keyPath]: KEY }] : [0, KEY];
  put!.apply(store, entry);
  const request = add!.apply(store, entry);
  const error = { value: failure(name) };
  Object.defineProperty(request, 'error', error);
  Object.defineProperty(store.transaction, 'error', error);
  return request;
}
