/** What the tabs of the app tell each other. */
type Word =
  /** The conversation that the active tab shows, whenever it has been written. */
  | { type: 'chat'; id: string }
  /** Asks the active tab for that. */
  | { type: 'which' }
  /** What is kept for the user has changed. */
  | { type: 'kept' };

/** The line between the app's tabs; silent where the browser has none. */
export class Tabs {
  readonly #channel =
    typeof BroadcastChannel === 'function' ? new BroadcastChannel('pocketbit-assistant') : null;

  on<T extends Word['type']>(type: T, act: (word: Extract<Word, { type: T }>) => void): void {
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Word>) => {
      if (data.type === type) act(data as Extract<Word, { type: T }>);
    });
  }

  say(word: Word): void {
    this.#channel?.postMessage(word);
  }
}
