import { isOneOf, isRecordOf, isText, orNone } from '@pocketbit/core';

/** What the tabs of the app send each other. */
type TabMessage =
  /** The conversation that the active tab shows, whenever it has been written. */
  | { type: 'chat'; id: string }
  /** Asks the active tab for that. */
  | { type: 'which' }
  /** The user's data have changed. */
  | { type: 'kept' };

const isMessage = isRecordOf<{ type: TabMessage['type']; id?: string }>({
  type: isOneOf('chat', 'which', 'kept'),
  id: orNone(isText),
});

/** The channel between the app's tabs; silent where the browser has none. */
export class Tabs {
  readonly #channel =
    typeof BroadcastChannel === 'function' ? new BroadcastChannel('pocketbit-assistant') : null;

  on<T extends TabMessage['type']>(
    type: T,
    act: (message: Extract<TabMessage, { type: T }>) => void,
  ): void {
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // A tab of another version, or an extension, may send anything.
      if (!isMessage(data) || data.type !== type || (type === 'chat' && !data.id)) return;
      act(data as Extract<TabMessage, { type: T }>);
    });
  }

  send(message: TabMessage): void {
    try {
      this.#channel?.postMessage(message);
    } catch {
      // Other tabs follow with the next message: each makes them read what is stored.
    }
  }
}
