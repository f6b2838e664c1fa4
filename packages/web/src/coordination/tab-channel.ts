import type { LoadProgress } from '../protocol.ts';

/**
 * Something where this page may use Web Locks, else null. Platform fact: Chromium's refuse every request where the user has
 * blocked the site's data.
 */
export async function usableLocks(): Promise<LockManagerSnapshot | null> {
  try {
    return await navigator.locks.query();
  } catch {
    return null;
  }
}

/** What tabs say to each other of one lock: to its holder, or as its holder. */
export type TabMessage =
  | { type: 'ping' | 'pong' }
  | { type: 'progress'; progress: LoadProgress }
  /** Tab `from` wants what is locked; its holder makes ready, and is ready. */
  | { type: 'ask' | 'yielding' | 'yielded'; from: string };

type Sent = TabMessage & { lock: string };

/** The line between all tabs, for one lock. Silent where the browser has no BroadcastChannel. */
export class TabChannel {
  readonly #lock: string;
  readonly #channel: BroadcastChannel | null;

  constructor(lock: string, hear: (message: TabMessage) => void) {
    this.#lock = lock;
    this.#channel =
      typeof BroadcastChannel === 'function' ? new BroadcastChannel('pocketbit') : null;
    if (!this.#channel) return;
    this.#channel.onmessage = ({ data }: MessageEvent<Sent>) => {
      if (data.lock === lock) hear(data);
    };
  }

  say(message: TabMessage): void {
    this.#channel?.postMessage({ ...message, lock: this.#lock } satisfies Sent);
  }

  close(): void {
    this.#channel?.close();
  }
}
