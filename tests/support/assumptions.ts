// Every platform assumption that the code of packages/web and apps/assistant makes: what relies on it, and what each
// engine does. A difference is red: either the engine has changed, or the code relies on what is not so.
import { isDeepStrictEqual } from 'node:util';
import type { TestBrowser, Window } from '../drivers/browser.ts';
import type { probes } from './assumption-probes.js';
import { startAssumptionSite } from './assumption-site.ts';

export type EngineName = 'chromium' | 'firefox' | 'webkit';
export type ProbeName = keyof typeof probes;

export interface Assumption {
  readonly probe: ProbeName | 'leaving';
  /** What is assumed, and the code that relies on it. */
  readonly assumed: string;
  /** What all engines do, or each of them. */
  readonly expected: Readonly<Partial<Record<EngineName | 'all', unknown>>>;
}

export const ASSUMPTIONS: readonly Assumption[] = [
  {
    probe: 'workerNetworkEvents',
    assumed:
      'a worker may hear of no `online` event: what waits in a worker for the network is told by its page or asks again (download)',
    expected: { chromium: [false, false, 'boolean'], all: [true, true, 'boolean'] },
  },
  {
    probe: 'workerPlatform',
    assumed:
      'a worker has IndexedDB, locks, channels, estimates and hashes; only a page can ask for persistence (store, coordination)',
    expected: {
      all: {
        indexedDB: true,
        locks: true,
        channel: true,
        estimate: 'function',
        persist: 'undefined',
        subtle: true,
      },
    },
  },
  {
    probe: 'crossOriginHeaders',
    assumed:
      'another origin shows Last-Modified and Content-Length alone: no ETag, Date, Content-Range, Content-Encoding (download/http)',
    expected: { all: ['last-modified', 'content-length'] },
  },
  {
    probe: 'preflights',
    assumed: 'a range is asked for without a preflight, If-Range with one (download/http)',
    expected: { all: [false, false, true] },
  },
  {
    probe: 'encodedLength',
    assumed:
      'Content-Length of an encoded body is not the length of what is read, and across origins nothing says that it is encoded (download)',
    expected: {
      all: [
        ['gzip', true],
        [null, true],
      ],
    },
  },
  {
    probe: 'shortBodies',
    assumed:
      'a body that ends before its length rejects; one in chunks does not in WebKit, one with neither nowhere, so what came is counted (download)',
    expected: {
      webkit: ['TypeError', 'resolved', 'resolved'],
      all: ['TypeError', 'TypeError', 'resolved'],
    },
  },
  {
    probe: 'redirectedUrl',
    assumed: '`response.url` is the address behind redirections (download)',
    expected: { all: [true, true, true] },
  },
  {
    probe: 'abortedBody',
    assumed: 'an aborted body rejects with AbortError while it is read (abort, download)',
    expected: { all: 'AbortError' },
  },
  {
    probe: 'refusedConnection',
    assumed:
      'a connection that is refused is a TypeError, as every network failure (download/retry)',
    expected: { all: 'TypeError' },
  },
  {
    probe: 'stolenLock',
    assumed:
      'a stolen lock rejects its request with AbortError, and what it held goes on: writes check their right themselves (download-lock, engine-lease)',
    expected: { all: ['AbortError', true] },
  },
  {
    probe: 'terminatedWorker',
    assumed: 'a terminated worker frees its locks and fires nothing (crash-marker, host)',
    expected: { all: ['freed', []] },
  },
  {
    probe: 'missingWorker',
    assumed: 'a worker whose script does not load fires `error` without a message (page/host)',
    expected: { all: ['error', true] },
  },
  {
    probe: 'evaluatedEntry',
    assumed:
      'WebKit evaluates a worker’s entry again where a chunk imports it: the entry shares no module with its chunks (worker)',
    expected: { webkit: 2, all: 1 },
  },
  {
    probe: 'versionChange',
    assumed:
      'a deletion waits for open connections, which hear `versionchange`, and every opening waits behind it (store)',
    expected: { all: ['versionchange', 'blocked', 'held up', 'opened'] },
  },
  {
    probe: 'transactionLife',
    assumed: 'a transaction outlives the promise of a request and no timer (store/indexeddb)',
    expected: { all: ['resolved', 'TransactionInactiveError'] },
  },
  {
    probe: 'abortedTransaction',
    assumed: 'a request that fails undoes all of its transaction (store/indexeddb, state)',
    expected: { all: ['abort', 'ConstraintError', ['a']] },
  },
  {
    probe: 'storedValues',
    assumed:
      'keys of arrays are ordered element by element, typed arrays and lone surrogates come back as they were, functions are refused (store)',
    expected: {
      all: [
        ['chunk a 9', 'chunk a 10', 'draft z', 'model b'],
        'Uint32Array',
        4294967295,
        'DataCloneError',
        'resolved',
        true,
      ],
    },
  },
  {
    probe: 'closedDatabase',
    assumed: 'a connection that was closed throws InvalidStateError (store)',
    expected: { all: 'InvalidStateError' },
  },
  {
    probe: 'ownChannel',
    assumed:
      'a channel does not hear itself but the others of its page, and anything can be said on it, null too (tab-channel, state/tabs)',
    expected: { all: [null] },
  },
  {
    probe: 'transferred',
    assumed: 'what is transferred is gone here, and cannot be sent again (store/release, worker)',
    expected: { all: [0, 0, 'DataCloneError'] },
  },
  {
    probe: 'memoryGrowth',
    assumed:
      'a memory that grows detaches its views, and throws RangeError past its limit (engine)',
    expected: { all: [0, 131072, 'RangeError'] },
  },
  {
    probe: 'compiledCrosses',
    assumed: 'a compiled module can be sent, and a broken one is a CompileError (worker/artifact)',
    expected: { all: [true, 'CompileError'] },
  },
  {
    probe: 'storageNumbers',
    assumed: 'usage and quota are numbers (store/quota)',
    expected: { all: ['number', 'number', true, 'boolean'] },
  },
  {
    probe: 'longDelay',
    assumed: 'a delay of 2^31 ms and more fires at once (state/user-data)',
    expected: { all: true },
  },
  {
    probe: 'cachedAnswers',
    assumed:
      'a cache refuses a part and takes a 404 from `put`, so the service worker looks at the status; `addAll` stores all or nothing (sw)',
    expected: { all: ['TypeError', 'resolved', 'TypeError', ['/missing']] },
  },
  {
    probe: 'localEvents',
    assumed: 'a page does not hear its own `storage` event (crash-report)',
    expected: { all: 0 },
  },
  {
    probe: 'longString',
    assumed:
      'a string has under 2^30 units in V8 and SpiderMonkey: answers and files are not joined into one (core)',
    expected: { webkit: 'made', all: 'RangeError' },
  },
  {
    probe: 'badUrl',
    assumed:
      '`new URL` throws, and not for the same texts everywhere: every address from outside is guarded (state/catalog)',
    expected: {
      chromium: ['TypeError', 'http:', 'TypeError', 'http:', 'javascript:', 'http:'],
      all: ['TypeError', 'TypeError', 'TypeError', 'http:', 'javascript:', 'http:'],
    },
  },
  {
    probe: 'leaving',
    assumed:
      'a page that is left hears `pagehide` before it is hidden; `unload` is not heard where the page is kept (crash-report, state)',
    expected: {
      webkit: ['beforeunload:', 'pagehide:true', 'visibilitychange:hidden'],
      all: ['beforeunload:', 'pagehide:false', 'visibilitychange:hidden', 'unload:'],
    },
  },
];

/** What an engine does, beside what is expected of it. */
export interface Probed {
  readonly assumption: Assumption;
  readonly found: unknown;
  readonly expected: unknown;
  readonly pass: boolean;
}

function engineOf(name: string): EngineName {
  if (/firefox/i.test(name)) return 'firefox';
  return /webkit/i.test(name) ? 'webkit' : 'chromium';
}

const LONGEST_MS = 20_000;

/** Runs every probe in a browser. */
export async function probed(browser: Pick<TestBrowser, 'open' | 'name'>): Promise<Probed[]> {
  const engine = engineOf(browser.name);
  const site = await startAssumptionSite();
  const window = await browser.open();
  try {
    const all: Probed[] = [];
    for (const assumption of ASSUMPTIONS) {
      const found = await run(window, site, assumption).catch(
        (error: unknown) => `failed: ${error}`,
      );
      const expected = assumption.expected[engine] ?? assumption.expected.all;
      all.push({ assumption, found, expected, pass: isDeepStrictEqual(found, expected) });
    }
    return all;
  } finally {
    await window.close();
    site.close();
  }
}

async function run(
  window: Window,
  { url, other }: { url: string; other: string },
  { probe }: Assumption,
): Promise<unknown> {
  await window.open(url);
  if (probe === 'leaving') return leaving(window, url);
  const call = `import('/probes.js').then(({ probes }) => probes.${probe}(${JSON.stringify({ other })}))`;
  const late = `new Promise((resolve) => setTimeout(resolve, ${LONGEST_MS}, 'no answer'))`;
  return window.evaluate(`Promise.race([${call}, ${late}])`);
}

/** The events of a page that is left by a navigation. */
async function leaving(window: Window, url: string): Promise<unknown> {
  await window.evaluate(`import('/probes.js').then(({ noteLeaving }) => noteLeaving())`);
  await window.open(`${url}?next`);
  const heard = await window.evaluate<string>(`localStorage.getItem('left')`);
  return heard.trim().split(' ');
}

/** A line for each assumption that does not hold. */
export function differences(all: readonly Probed[]): string[] {
  return all
    .filter(({ pass }) => !pass)
    .map(({ assumption, found, expected }) => {
      const [now, before] = [found, expected].map((value) => JSON.stringify(value));
      return `${assumption.probe}: ${now}, expected ${before}: ${assumption.assumed}`;
    });
}
