import { isFirstVersion, isRecordOf, isText, PocketbitError, shape } from '@pocketbit/core';
import type { SavedSession } from '@pocketbit/engine';
import { del, get, promisifyRequest, update } from 'idb-keyval';
import { conversationLock, hold, type Lease, locksUsable } from '../coordination/locks.ts';

import { sessionStore } from '../store/session-database.ts';

/** A conversation as it is stored; `M` is the application's own kind of message. */
export interface Conversation<M> {
  /** Of the record's form; absent in those of versions before 0.2. */
  readonly version?: 1;
  readonly id: string;
  /** Writes so far. */
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  messages: M[];
  /** Where the running answer, or the last one, can go on. */
  session: SavedSession | null;
}

type Key = [kind: 'chat', id: string];
/** What is stored, whatever it is. */
export type StoredRecord = [key: IDBValidKey, value: unknown];

/** Conversations in this browser, a record each. A page claims the one it writes, so that tabs do not overwrite each other. */
export class Conversations<M> {
  readonly #store = sessionStore();
  readonly #held = new Map<string, Lease>();

  /** All that are stored and can be read, the newest first; none where the browser stores nothing. */
  async list(): Promise<Conversation<M>[]> {
    const all = await this.#all().catch(() => []);
    const chats = all.filter(isReadable).map(([, chat]) => chat as Conversation<M>);
    return chats.sort((a, b) => (b.updatedAt || 0) - (a.updatedAt || 0));
  }

  /** What lies among the conversations and is none of this version; it is left as it is. Rejects where nothing can be read. */
  async unreadable(): Promise<StoredRecord[]> {
    return (await this.#all()).filter((record) => !isReadable(record));
  }

  #all(): Promise<StoredRecord[]> {
    return this.#store('readonly', async (records) => {
      // Keys are arrays, ordered by their elements; an array comes after every id.
      const chats = IDBKeyRange.bound(['chat'], ['chat', []]);
      const keys = promisifyRequest(records.getAllKeys(chats));
      const values = await promisifyRequest<unknown[]>(records.getAll(chats));
      return (await keys).map((key, i): StoredRecord => [key, values[i]]);
    });
  }

  /**
   * The conversation `id`, or the newest one, if no other page has it; otherwise a new one. `steal` takes it from a page
   * that is frozen, whose next `save` fails.
   */
  async claim(id?: string, { steal = false } = {}): Promise<Conversation<M>> {
    const found = id === undefined ? (await this.list())[0] : await this.#read(id);
    if (found && (await this.#hold(found.id, steal))) return (await this.#read(found.id)) ?? found;
    return this.create();
  }

  /** A new conversation, stored from its first `save` on. */
  async create(): Promise<Conversation<M>> {
    const words = crypto.getRandomValues(new Uint32Array(4));
    const id = Array.from(words, (word) => word.toString(36)).join('-');
    await this.#hold(id);
    return { id, revision: 0, updatedAt: Date.now(), messages: [], session: null };
  }

  /**
   * Stores a conversation; go on with the one that is returned. Where another page has written it meanwhile, this becomes a
   * new one beside it; with Web Locks that page has taken it over on purpose, and this fails with `busy`. Rejects where the
   * browser stores nothing.
   */
  async save(chat: Conversation<M>): Promise<Conversation<M>> {
    const next = {
      ...chat,
      version: 1 as const,
      revision: chat.revision + 1,
      updatedAt: Date.now(),
    };
    const key = ['chat', chat.id] satisfies Key;
    let superseded = false;
    const replace = (stored?: Conversation<M>) => {
      // What cannot be read is another's too, and stays as it is.
      superseded =
        stored !== undefined && !(isReadable([key, stored]) && stored.revision === chat.revision);
      return superseded ? stored! : next;
    };
    await update<Conversation<M>>(key, replace, this.#store);
    if (!superseded) return next;
    if (globalThis.navigator?.locks) throw takenOver();
    return this.save({
      ...chat,
      ...(await this.create()),
      messages: chat.messages,
      session: chat.session,
    });
  }

  async remove(id: string): Promise<void> {
    await del(['chat', id] satisfies Key, this.#store);
    this.release(id);
  }

  /** Lets other pages claim it. */
  release(id: string): void {
    this.#held.get(id)?.release();
    this.#held.delete(id);
  }

  async #read(id: string): Promise<Conversation<M> | undefined> {
    const key = ['chat', id] satisfies Key;
    const found = await get<Conversation<M>>(key, this.#store).catch(() => undefined);
    return isReadable([key, found]) ? found : undefined;
  }

  /** Whether this page has the conversation from now on; always true where there are no Web Locks. */
  async #hold(id: string, steal = false): Promise<boolean> {
    if (this.#held.has(id) || !(await locksUsable())) return true;
    const lease = await hold(conversationLock(id), steal ? { steal } : { ifAvailable: true });
    if (!lease) return false;
    this.#held.set(id, lease);
    void lease.ended.then(() => {
      if (this.#held.get(id) === lease) this.#held.delete(id);
    });
    return true;
  }
}

/** Whether a record is a conversation of this version, of which `version` is 1 or absent. */
function isReadable([key, value]: StoredRecord): boolean {
  return isConversation(value) && value.id === (key as Key)[1];
}

const isConversation = isRecordOf<Omit<Conversation<unknown>, 'session'>>({
  version: isFirstVersion,
  id: isText,
  revision: shape(Number.isInteger),
  updatedAt: shape((value) => typeof value === 'number'),
  messages: shape(Array.isArray),
});

function takenOver(): PocketbitError {
  return new PocketbitError('busy', 'Another tab has gone on with this conversation.');
}
