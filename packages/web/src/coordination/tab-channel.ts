import { isCount, isFlag, isNumber, isOneOf, isRecordOf, isText, orNull } from '@pocketbit/core';
import type { LoadProgress } from '../protocol.ts';

/** What tabs send each other about one lock. */
export type TabMessage =
  /** Asks whether the holder lives, and its answer. */
  | { type: 'ping' | 'pong' }
  | { type: 'progress'; progress: LoadProgress }
  /** Tab `from` asks for the lock; its holder saves its work, and has saved it. */
  | { type: 'ask' | 'yielding' | 'yielded'; from: string };

type Sent = TabMessage & { lock: string };

/** The channel between all tabs of the origin, for one lock. Silent where the browser has no BroadcastChannel. */
export class TabChannel {
  readonly #lock: string;
  readonly #channel: BroadcastChannel | null;

  constructor(lock: string, receive: (message: TabMessage) => void) {
    this.#lock = lock;
    this.#channel =
      typeof BroadcastChannel === 'function' ? new BroadcastChannel('pocketbit') : null;
    if (!this.#channel) return;
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = messageOf(data, lock);
      if (message) receive(message);
    };
  }

  send(message: TabMessage): void {
    try {
      this.#channel?.postMessage({ ...message, lock: this.#lock } satisfies Sent);
    } catch {
      // Tabs that hear nothing find out by themselves: by silence, or by the store.
    }
  }

  close(): void {
    this.#channel?.close();
  }
}

const isAlive = isOneOf<'ping' | 'pong'>('ping', 'pong');
const isClaim = isOneOf<'ask' | 'yielding' | 'yielded'>('ask', 'yielding', 'yielded');
const isProgress = isRecordOf<Omit<LoadProgress, 'elsewhere'>>({
  phase: isOneOf<LoadProgress['phase']>('download', 'load', 'ready', 'verify', 'repair'),
  loadedBytes: isCount,
  totalBytes: orNull(isCount),
  bytesPerSecond: isNumber,
  etaMs: orNull(isNumber),
  fromCache: isFlag,
});

/**
 * A message of another tab about `lock`; null for anything else, what other versions send too. The one place that judges
 * what other tabs send.
 */
function messageOf(data: unknown, lock: string): TabMessage | null {
  const sent = data as { [K in 'lock' | 'type' | 'progress' | 'from']?: unknown } | null;
  if (sent?.lock !== lock) return null;
  const { type, progress, from } = sent;
  if (isAlive(type)) return { type };
  if (type === 'progress' && isProgress(progress)) return { type, progress };
  return isClaim(type) && isText(from) && from.length < 64 ? { type, from } : null;
}
