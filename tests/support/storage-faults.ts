/** How requests of IndexedDB are to fail: `throw` at the call, or `abort`, which ends their transaction as a failing disk does. */
export interface StorageFault {
  op: 'get' | 'put' | 'delete' | 'getAll' | 'getAllKeys' | 'open';
  /** Part of the key as JSON, or of the database's name; every one where it is left out. */
  key?: string;
  /** Requests that fail before they succeed again; none succeeds where it is left out. */
  times?: number;
  how?: 'throw' | 'abort';
  error?: string;
}

declare global {
  interface Window {
    /** What fails in this page, and in every worker that it starts from now on. */
    storageFaults: StorageFault[];
  }
}

/** A prelude after which the requests of IndexedDB fail as `storageFaults` of the page says. A worker has its own copy, by its name. */
export const STORAGE_FAULTS = `(() => {
  if (self.storageFaults) return;
  self.storageFaults = self.window || !self.name ? [] : JSON.parse(self.name);
  const Real = self.Worker;
  if (self.window && Real) self.Worker = class extends Real {
    constructor(url, options) { super(url, { ...options, name: JSON.stringify(self.storageFaults) }); }
  };
  const fault = (op, key) => {
    const text = JSON.stringify(key) ?? '';
    const found = self.storageFaults.find((f) => f.op === op && f.times !== 0 && text.includes(f.key ?? ''));
    if (found?.times) found.times--;
    return found;
  };
  const fail = (found) => { throw new DOMException('a fault of the test', found.error ?? 'UnknownError'); };
  for (const op of ['get', 'put', 'delete', 'getAll', 'getAllKeys']) {
    const real = IDBObjectStore.prototype[op];
    IDBObjectStore.prototype[op] = function (...args) {
      const found = fault(op, op === 'put' ? args[1] : args[0]);
      if (found && found.how !== 'abort') fail(found);
      const request = real.apply(this, args);
      if (found) this.transaction.abort();
      return request;
    };
  }
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...args) {
    const found = fault('open', args[0]);
    if (found) fail(found);
    return open.apply(this, args);
  };
})()`;
