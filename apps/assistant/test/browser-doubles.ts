// Doubles of what a browser gives a tab, for many tabs in one process: whose code runs says the async context.
import { AsyncLocalStorage } from 'node:async_hooks';
import 'fake-indexeddb/auto';

/** A place of the tab strip; it outlives the pages that are opened in it one after the other. */
export interface Page {
  readonly storage: Map<string, string>;
  /** Its code goes on nowhere any more, and nothing it does reaches anybody. */
  dead: boolean;
}

/** The page whose code runs. */
export const current = new AsyncLocalStorage<Page>();
const page = () => current.getStore()!;

type Deliver = (receive: () => void) => void;

class Locks {
  readonly #held = new Map<string, { owner: Page; lose: (reason: unknown) => void }>();

  async query(): Promise<LockManagerSnapshot> {
    return { held: [...this.#held.keys()].map((name) => ({ name })) };
  }

  request(name: string, options: LockOptions, use: (lock: unknown) => unknown): Promise<unknown> {
    const holder = this.#held.get(name);
    if (holder && !holder.owner.dead) {
      if (!options.steal) return Promise.resolve(use(null));
      holder.lose(new DOMException('stolen', 'AbortError'));
    }
    return new Promise((resolve, reject) => {
      const mine = { owner: page(), lose: reject };
      this.#held.set(name, mine);
      const end = () => {
        if (this.#held.get(name) === mine) this.#held.delete(name);
      };
      Promise.resolve(use({ name })).finally(end).then(resolve, reject);
    });
  }
}

/** Puts the doubles in place, once for all tabs; returns what empties them for the next schedule. */
export function installDoubles(): { reset(deliver: Deliver): void } {
  let channels: Channel[] = [];
  let deliver: Deliver = (receive) => receive();
  let locks = new Locks();

  class Channel extends EventTarget {
    readonly #owner = page();

    constructor() {
      super();
      channels.push(this);
    }

    postMessage(data: unknown): void {
      if (this.#owner.dead) return;
      for (const other of channels.filter((channel) => channel.#owner !== this.#owner)) {
        const receive = () => other.dispatchEvent(new MessageEvent('message', { data }));
        deliver(() => {
          if (!other.#owner.dead) current.run(other.#owner, receive);
        });
      }
    }
  }

  const sessionStorage = {
    getItem: (key: string) => page().storage.get(key) ?? null,
    setItem: (key: string, value: string) => void page().storage.set(key, value),
  };
  const define = (name: string, value: unknown) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  define('BroadcastChannel', Channel);
  define('sessionStorage', sessionStorage);
  define('navigator', {
    get locks() {
      return locks;
    },
  });
  killWritesOfTheDead();
  return {
    reset(how) {
      channels = [];
      deliver = how;
      locks = new Locks();
    },
  };
}

/** A page that is killed writes nothing more, and what it was writing is undone. */
function killWritesOfTheDead(): void {
  for (const name of ['put', 'delete'] as const) {
    const real = IDBObjectStore.prototype[name] as (...args: unknown[]) => IDBRequest;
    Object.defineProperty(IDBObjectStore.prototype, name, {
      configurable: true,
      writable: true,
      value(this: IDBObjectStore, ...args: unknown[]) {
        if (current.getStore()?.dead) {
          this.transaction.abort();
          throw new DOMException('the page is gone', 'AbortError');
        }
        return real.apply(this, args);
      },
    });
  }
}
