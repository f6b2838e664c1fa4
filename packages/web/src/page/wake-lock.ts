/** What of `navigator.wakeLock` is used; TypeScript's worker library lacks it. */
interface ScreenLock {
  release(): Promise<void>;
}

/**
 * Holds the screen on while jobs run, where the browser can: a phone that sleeps stops a download or an answer. One screen
 * lock serves all jobs. Platform fact: the browser takes the lock back when the page is hidden, so it is requested again.
 */
export class WakeLock {
  #jobs = 0;
  #lock: Promise<ScreenLock | null> | null = null;

  /** Holds the lock until `work` settles. */
  during(work: Promise<unknown>): void {
    if (!globalThis.navigator?.wakeLock || !globalThis.document) return;
    if (this.#jobs++ === 0) {
      document.addEventListener('visibilitychange', this.#request);
      this.#request();
    }
    work.then(this.#end, this.#end);
  }

  readonly #request = () => {
    if (document.visibilityState !== 'visible') return;
    // Refused on low battery, for one: the work goes on without.
    this.#lock = navigator.wakeLock.request('screen').catch(() => null);
  };

  readonly #end = () => {
    if (--this.#jobs > 0) return;
    document.removeEventListener('visibilitychange', this.#request);
    this.#lock?.then((held) => held?.release()).catch(() => {});
    this.#lock = null;
  };
}
