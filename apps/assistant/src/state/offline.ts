/** The lock that a tab shares while it must not be reloaded. Whoever gets it alone knows that none is in the middle of something. */
const BUSY_LOCK = 'pocketbit-busy';
/** How long a tab must have been idle before it is renewed: what it wrote last is stored by then. */
const QUIET_MS = 1000;
/** The same for a tab without the model: by then the one that had it stands in line for it again. */
const SECOND_MS = 5000;
const POLL_MS = 500;
/** A new version that has waited so long is offered. */
const PATIENCE_MS = 3000;

/** Until the first new try of an install that failed; the next waits twice as long. */
const RETRY_MS = 20_000;

/** What the shell asks of the app before it reloads the page. */
export interface ShellHost {
  /** Whether a reload would break something off; `asked`: the user wants it, so only an answer counts. */
  busy(asked: boolean): boolean;
  /** Whether another tab has the model, and should have it again when both are renewed. */
  second(): boolean;
  /** Resolves once all is stored. */
  written(): Promise<void>;
}

/**
 * Registers the service worker and follows it. `controlled` is true once it answers for this page, `update` once a new
 * version has waited a while. A new version takes over when no tab is busy, and each tab then reloads when it is not.
 */
export class OfflineShell extends EventTarget {
  controlled = false;
  update = false;
  host: ShellHost = { busy: () => true, second: () => false, written: async () => {} };
  #waiting: ServiceWorker | null = null;
  /** A newer version answers for this page, which is of the older one. */
  #stale = false;
  #asked = false;
  #quietMs = QUIET_MS;
  #idleSince: number | null = null;
  #busyLock: (() => void) | null = null;
  #timer = 0;

  async start(): Promise<void> {
    if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
    const container = navigator.serviceWorker;
    this.#set({ controlled: container.controller !== null });
    container.addEventListener('controllerchange', () => {
      this.#stale = this.controlled;
      this.#idleSince = null;
      if (this.#stale && this.host.second()) this.#quietMs = SECOND_MS;
      this.#set({ controlled: true });
      this.#watch();
    });
    await this.#register(RETRY_MS);
  }

  /** A worker that could not keep every file is gone, and with it the registration: tries again after `wait` ms. */
  async #register(wait: number): Promise<void> {
    const again = () => setTimeout(() => void this.#register(2 * wait), wait);
    try {
      this.#follow(await navigator.serviceWorker.register('sw.js'), again);
    } catch (error) {
      console.warn('The service worker could not be registered:', error);
    }
  }

  /** Switches to the waiting version and reloads, as soon as no tab is answering. */
  activate(): void {
    this.#asked = true;
    this.#set({ update: false });
  }

  #follow(registration: ServiceWorkerRegistration, again: () => void): void {
    const check = () => {
      if (!registration.waiting || !navigator.serviceWorker.controller) return;
      this.#waiting = registration.waiting;
      setTimeout(() => this.#set({ update: !this.#asked }), PATIENCE_MS);
      this.#watch();
    };
    check();
    const track = (worker: ServiceWorker | null) => {
      if (!worker) return;
      worker.onstatechange = () => {
        check();
        if (worker.state === 'redundant' && !registration.active) again();
      };
    };
    track(registration.installing);
    registration.addEventListener('updatefound', () => track(registration.installing));
  }

  /** Looks again and again, for as long as this page is not of the newest version. */
  #watch(): void {
    if (this.#timer === 0 && (this.#waiting || this.#stale)) {
      this.#timer = window.setInterval(() => void this.#look(), POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const busy = this.host.busy(this.#asked);
    this.#hold(busy);
    if (busy) this.#idleSince = null;
    else this.#idleSince ??= performance.now();
    if (this.#idleSince === null || performance.now() - this.#idleSince < this.#quietMs) return;
    if (!this.#stale) return this.#takeTurn();
    await this.host.written();
    if (!this.host.busy(this.#asked)) location.reload();
  }

  /** Lets the waiting version take over where no tab holds the lock. */
  async #takeTurn(): Promise<void> {
    if (!navigator.locks) return this.#waiting?.postMessage('activate');
    return navigator.locks.request(BUSY_LOCK, { ifAvailable: true }, (lock) => {
      if (lock) this.#waiting?.postMessage('activate');
    });
  }

  /** Shares the lock while `busy`. */
  #hold(busy: boolean): void {
    if (!busy) {
      this.#busyLock?.();
      this.#busyLock = null;
    } else if (!this.#busyLock && navigator.locks) {
      const until = new Promise<void>((release) => {
        this.#busyLock = release;
      });
      void navigator.locks.request(BUSY_LOCK, { mode: 'shared' }, () => until);
    }
  }

  #set(change: Partial<Pick<OfflineShell, 'controlled' | 'update'>>): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event('change'));
  }
}
