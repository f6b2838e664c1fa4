/**
 * Registers the service worker and follows it. `controlled` is true once it answers for this page, `update` once a new
 * version waits.
 */
export class OfflineShell extends EventTarget {
  controlled = false;
  update = false;
  #waiting: ServiceWorker | null = null;

  async start(): Promise<void> {
    if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
    const container = navigator.serviceWorker;
    this.#set({ controlled: container.controller !== null });
    container.addEventListener('controllerchange', () => {
      // The page asked for the waiting version: show it.
      if (this.#waiting) location.reload();
      this.#set({ controlled: true });
    });
    try {
      this.#follow(await container.register('sw.js'));
    } catch (error) {
      console.warn('The service worker could not be registered:', error);
    }
  }

  /** Switches to the waiting version and reloads. */
  activate(): void {
    this.#waiting?.postMessage('activate');
  }

  #follow(registration: ServiceWorkerRegistration): void {
    const check = () => {
      if (!registration.waiting || !navigator.serviceWorker.controller) return;
      this.#waiting = registration.waiting;
      this.#set({ update: true });
    };
    check();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', check);
    });
  }

  #set(change: Partial<Pick<OfflineShell, 'controlled' | 'update'>>): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event('change'));
  }
}
