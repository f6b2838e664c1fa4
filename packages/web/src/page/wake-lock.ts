/** What of `navigator.wakeLock` is used; TypeScript's worker library lacks it. */
interface Lock {
  release(): Promise<void>;
}

let jobs = 0;
let lock: Promise<Lock | null> | null = null;

/**
 * Keeps the screen on until `work` settles, where the browser can: a phone that sleeps stops a download or an answer. One
 * lock serves all jobs. Platform fact: the browser takes the lock back when the page is hidden, so it is asked for again.
 */
export function stayAwake(work: Promise<unknown>): void {
  if (!globalThis.navigator?.wakeLock || !globalThis.document) return;
  if (jobs++ === 0) {
    document.addEventListener('visibilitychange', ask);
    ask();
  }
  work.then(done, done);
}

function ask(): void {
  if (document.visibilityState !== 'visible') return;
  // Refused on low battery, for one: the work goes on without.
  lock = navigator.wakeLock.request('screen').catch(() => null);
}

function done(): void {
  if (--jobs > 0) return;
  document.removeEventListener('visibilitychange', ask);
  lock?.then((held) => held?.release()).catch(() => {});
  lock = null;
}
