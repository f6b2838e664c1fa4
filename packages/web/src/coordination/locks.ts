/** A Web Lock that this page or worker holds. */
export interface Lease {
  /** Resolves once the lock is gone: let go by `release`, or stolen by another tab. */
  readonly ended: Promise<'released' | 'stolen'>;
  release(): void;
}

/** The lock under which the model `source` is downloaded, checked or deleted. */
export const downloadLock = (source: string) => `pocketbit:${source}`;
/** The lock of the one engine that tabs share. */
export const ENGINE_LOCK = 'pocketbit-engine';
/** The lock that the workers of a visit hold as long as they live. */
export const visitLock = (visit: string) => `pocketbit-visit:${visit}`;
/** The lock of the page that writes the conversation `id`. */
export const conversationLock = (id: string) => `pocketbit-chat:${id}`;

/** Whether Web Locks can be used here. Platform fact: Chromium refuses every request where the user has blocked the site's data. */
export async function locksUsable(): Promise<boolean> {
  try {
    await navigator.locks.query();
    return true;
  } catch {
    return false;
  }
}

/**
 * Takes the Web Lock `name`: now or not at all (default), in line until `signal` aborts, or by `steal` from whoever holds
 * it. Null where it was not to be had.
 */
export function hold(
  name: string,
  options: LockOptions = { ifAvailable: true },
): Promise<Lease | null> {
  return new Promise((resolve) => {
    let end!: (how: 'released' | 'stolen') => void;
    const ended = new Promise<'released' | 'stolen'>((done) => {
      end = done;
    });
    const grant = (lock: Lock | null) =>
      lock && new Promise<void>((release) => resolve({ ended, release }));
    navigator.locks.request(name, options, grant).then(
      () => end('released'),
      () => end('stolen'),
    );
    // After a lease this changes nothing; without one the lock was not free, or waiting for it was aborted.
    void ended.then(() => resolve(null));
  });
}

/** Whether any tab holds the Web Lock `name`. Rejects where there are no Web Locks. */
export async function isHeld(name: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === name);
}
