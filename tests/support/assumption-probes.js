// What the platform does where the code of packages/web and apps/assistant relies on it: a probe for each assumption of
// assumptions.ts, run on a page of assumption-site.ts. A probe returns plain data and names no engine.

const WAIT_MS = 1500;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const within = (ms, promise, otherwise = 'nothing') =>
  Promise.race([promise, sleep(ms).then(() => otherwise)]);
const nameOf = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => error?.name ?? String(error),
  );
const fresh = () => crypto.getRandomValues(new Uint32Array(2)).join('-');

/** What an expression is in a new worker, whose promises are awaited. */
async function inWorker(expression, options = {}) {
  const worker = new Worker('/eval-worker.js', options);
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(expression);
    });
  } finally {
    worker.terminate();
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function openDatabase(name = fresh()) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('s');
  return done(request);
}

const objectsOf = (database) => database.transaction('s', 'readwrite').objectStore('s');

export const probes = {
  workerNetworkEvents: () =>
    inWorker("['ononline' in self, 'onoffline' in self, typeof navigator.onLine]"),

  workerPlatform: () =>
    inWorker(
      "({ indexedDB: 'indexedDB' in self, locks: 'locks' in navigator, channel: 'BroadcastChannel' in self, " +
        'estimate: typeof navigator.storage?.estimate, persist: typeof navigator.storage?.persist, subtle: !!crypto.subtle })',
    ),

  /** Headers of an answer from another origin that names none as exposed. */
  async crossOriginHeaders({ other }) {
    const names = [
      'etag',
      'date',
      'last-modified',
      'content-length',
      'content-range',
      'accept-ranges',
      'content-encoding',
    ];
    const answer = await fetch(`${other}file`, { headers: { Range: 'bytes=0-9' } });
    await answer.arrayBuffer();
    return names.filter((name) => answer.headers.get(name) !== null);
  },

  /** Which request headers make the browser ask beforehand. */
  async preflights({ other }) {
    const asked = [];
    for (const headers of [
      { Range: 'bytes=5-' },
      { Range: 'bytes=5-9' },
      { Range: 'bytes=5-', 'If-Range': '"a"' },
    ]) {
      await fetch(`${other}seen?forget`);
      await fetch(`${other}file?${fresh()}`, { headers }).catch(() => {});
      const seen = await (await fetch(`${other}seen`)).json();
      asked.push(seen.includes('OPTIONS'));
    }
    return asked;
  },

  /** An encoded body is decoded, and its Content-Length, where it is shown, is that of the encoded one. */
  async encodedLength({ other }) {
    const read = async (url) => {
      const answer = await fetch(url);
      const { byteLength } = await answer.arrayBuffer();
      const length = answer.headers.get('content-length');
      return [
        answer.headers.get('content-encoding'),
        length !== null && Number(length) !== byteLength,
      ];
    };
    return [await read('/encoded'), await read(`${other}encoded`)];
  },

  /** A body that ends early, with a length, in chunks, and without either. */
  async shortBodies() {
    const read = (url) => nameOf(fetch(url).then((answer) => answer.arrayBuffer()));
    return [await read('/short-length'), await read('/short-chunks'), await read('/short-open')];
  },

  async redirectedUrl({ other }) {
    const answer = await fetch('/redirect');
    return [answer.redirected, answer.url.startsWith(other), answer.url.includes('file')];
  },

  async abortedBody() {
    const stop = new AbortController();
    const answer = await fetch('/endless', { signal: stop.signal });
    const reader = answer.body.getReader();
    await reader.read();
    stop.abort();
    const drained = async () => {
      while (!(await reader.read()).done);
    };
    return within(WAIT_MS, nameOf(drained()));
  },

  async refusedConnection() {
    return nameOf(fetch('http://127.0.0.1:1/'));
  },

  /** A lock that is stolen: what its request says, and whether what it held goes on. */
  async stolenLock() {
    const name = fresh();
    let wentOn = false;
    const held = navigator.locks.request(name, () =>
      sleep(300).then(() => {
        wentOn = true;
      }),
    );
    const result = nameOf(held);
    await navigator.locks.request(name, { steal: true }, () => {});
    const rejection = await result;
    await sleep(400);
    return [rejection, wentOn];
  },

  /** A worker that is ended gives its lock back, and fires nothing. */
  async terminatedWorker() {
    const name = fresh();
    const worker = new Worker('/eval-worker.js');
    const events = [];
    for (const type of ['error', 'messageerror', 'close', 'message']) {
      worker.addEventListener(type, () => events.push(type));
    }
    const ready = new Promise((resolve) =>
      worker.addEventListener('message', resolve, { once: true }),
    );
    worker.postMessage(`navigator.locks.request('${name}', () => new Promise(() => {})), 1`);
    await ready;
    const { port1, port2 } = new MessageChannel();
    worker.postMessage('1', [port2]);
    await sleep(50);
    for (const type of ['close', 'messageerror'])
      port1.addEventListener(type, () => events.push(`port ${type}`));
    port1.start();
    events.length = 0;
    worker.terminate();
    worker.postMessage('1');
    const freed = await within(
      WAIT_MS,
      navigator.locks.request(name, () => 'freed'),
    );
    await sleep(100);
    return [freed, events.filter((type) => type !== 'port close')];
  },

  async missingWorker() {
    const worker = new Worker('/no-such-worker.js', { type: 'module' });
    const event = await within(
      WAIT_MS,
      new Promise((resolve) => {
        worker.onerror = resolve;
      }),
    );
    return [event.type, event.message === undefined];
  },

  /** How often a module is evaluated that is a worker's entry and is imported by a chunk of it. */
  async evaluatedEntry() {
    const worker = new Worker('/entry.js', { type: 'module' });
    const said = [];
    worker.onmessage = ({ data }) => said.push(data);
    await sleep(700);
    worker.terminate();
    return said.length;
  },

  async versionChange() {
    const name = fresh();
    const database = await openDatabase(name);
    const events = [];
    database.onversionchange = () => events.push('versionchange');
    database.onclose = () => events.push('close');
    const request = indexedDB.deleteDatabase(name);
    request.onblocked = () => events.push('blocked');
    const deleted = new Promise((resolve) => {
      request.onsuccess = resolve;
    });
    await within(400, deleted);
    // An opening waits behind the deletion.
    const second = indexedDB.open(name);
    const opened = new Promise((resolve) => {
      second.onsuccess = () => resolve('opened');
    });
    events.push(await within(300, opened, 'held up'));
    database.close();
    events.push(await within(WAIT_MS, opened));
    second.result?.close();
    return events;
  },

  /** A transaction lives over the promise of a request and over microtasks, not over a timer. */
  async transactionLife() {
    const database = await openDatabase();
    const objects = objectsOf(database);
    await done(objects.put(1, 'a'));
    await Promise.resolve();
    const alive = await nameOf(done(objects.put(2, 'b')));
    await sleep(50);
    let dead = 'alive';
    try {
      objects.put(3, 'c');
    } catch ({ name }) {
      dead = name;
    }
    database.close();
    return [alive, dead];
  },

  /** A request that fails undoes the whole transaction. */
  async abortedTransaction() {
    const database = await openDatabase();
    await done(objectsOf(database).add('kept', 'a'));
    const objects = objectsOf(database);
    objects.put('lost', 'b');
    objects.add('twice', 'a');
    const ended = await new Promise((resolve) => {
      for (const type of ['complete', 'abort'])
        objects.transaction.addEventListener(type, () => resolve(type));
    });
    const left = await done(objectsOf(database).getAllKeys());
    database.close();
    return [ended, objects.transaction.error?.name ?? null, left];
  },

  /** What comes back of what is stored: types of bytes, order of keys, a value that cannot be cloned. */
  async storedValues() {
    const database = await openDatabase();
    const objects = objectsOf(database);
    const keys = [
      ['model', 'b'],
      ['chunk', 'a', 10],
      ['chunk', 'a', 9],
      ['draft', 'z'],
    ];
    for (const key of keys) objects.put(new Uint32Array([1, 2 ** 32 - 1]), key);
    const order = (await done(objects.getAllKeys())).map((key) => key.join(' '));
    const value = await done(objects.get(['draft', 'z']));
    let refused = 'stored';
    try {
      objects.put(() => {}, ['f']);
    } catch ({ name }) {
      refused = name;
    }
    const lone = await nameOf(done(objects.put('\ud800', ['lone'])));
    const same = (await done(objects.get(['lone']))) === '\ud800';
    database.close();
    return [order, value.constructor.name, value[1], refused, lone, same];
  },

  /** A connection after the deletion of its transactions' database by a closing of its own. */
  async closedDatabase() {
    const database = await openDatabase();
    database.close();
    try {
      database.transaction('s');
      return 'alive';
    } catch ({ name }) {
      return name;
    }
  },

  /** A channel is heard by the others of its name, in the same page too, and not by itself. */
  async ownChannel() {
    const name = fresh();
    const [one, two] = [new BroadcastChannel(name), new BroadcastChannel(name)];
    const heard = [];
    one.onmessage = () => heard.push('own');
    two.onmessage = ({ data }) => heard.push(data);
    one.postMessage(null);
    await sleep(200);
    one.close();
    two.close();
    return heard;
  },

  async transferred() {
    const bytes = new Uint8Array(8);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(bytes.buffer, [bytes.buffer]);
    port2.close();
    let again = 'sent';
    try {
      port1.postMessage(bytes.buffer, [bytes.buffer]);
    } catch ({ name }) {
      again = name;
    }
    return [bytes.length, bytes.buffer.byteLength, again];
  },

  memoryGrowth() {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const { buffer } = memory;
    memory.grow(1);
    let past = 'grown';
    try {
      memory.grow(1);
    } catch (error) {
      past = error.constructor.name;
    }
    return [buffer.byteLength, memory.buffer.byteLength, past];
  },

  async compiledCrosses() {
    const { buffer } = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    const module = new WebAssembly.Module(buffer);
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => {
      port2.onmessage = ({ data }) => resolve(data instanceof WebAssembly.Module);
      port2.onmessageerror = () => resolve('messageerror');
    });
    port1.postMessage(module);
    const trap = await nameOf(
      WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1])),
    );
    return [await within(WAIT_MS, arrived), trap];
  },

  async storageNumbers() {
    const { usage, quota } = await navigator.storage.estimate();
    return [
      typeof usage,
      typeof quota,
      quota >= 2 ** 28,
      typeof (await navigator.storage.persisted()),
    ];
  },

  /** A delay over 31 bits is none. */
  async longDelay() {
    let fired = false;
    const timer = setTimeout(() => {
      fired = true;
    }, 2 ** 31);
    await sleep(100);
    clearTimeout(timer);
    return fired;
  },

  async cachedAnswers() {
    const cache = await caches.open(fresh());
    const partial = await nameOf(
      fetch('/file', { headers: { Range: 'bytes=0-9' } }).then((a) => cache.put('/p', a)),
    );
    const missing = await nameOf(fetch('/none').then((answer) => cache.put('/missing', answer)));
    const added = await nameOf(cache.addAll(['/file', '/none']));
    const keys = (await cache.keys()).map(({ url }) => new URL(url).pathname);
    return [partial, missing, added, keys];
  },

  /** localStorage is written at once, and its event goes to other pages. */
  async localEvents() {
    const key = fresh();
    const heard = [];
    const hear = (event) => heard.push(event.key);
    addEventListener('storage', hear);
    localStorage.setItem(key, '1');
    await sleep(100);
    removeEventListener('storage', hear);
    localStorage.removeItem(key);
    return heard.length;
  },

  /** Strings over what an engine allows. */
  longString() {
    try {
      return 'a'.repeat(2 ** 30).length === 2 ** 30 ? 'made' : 'other';
    } catch (error) {
      return error.constructor.name;
    }
  },

  badUrl() {
    const found = [];
    for (const text of ['http://[', 'http://a b', '//', '?x', 'javascript:1', '\u202e.gguf']) {
      try {
        found.push(new URL(text, 'http://a/').protocol);
      } catch (error) {
        found.push(error.constructor.name);
      }
    }
    return found;
  },
};

/** Writes down what a page hears when it is left, for the next one of its origin. */
export function noteLeaving() {
  localStorage.setItem('left', '');
  const note = (event) => {
    const state =
      event.type === 'visibilitychange' ? document.visibilityState : String(event.persisted ?? '');
    localStorage.setItem('left', `${localStorage.getItem('left')} ${event.type}:${state}`);
  };
  for (const type of ['pagehide', 'beforeunload', 'unload']) addEventListener(type, note);
  document.addEventListener('visibilitychange', note);
}
