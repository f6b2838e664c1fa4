import { PocketbitError } from '@pocketbit/core';
import type { SavedSession } from '@pocketbit/engine';
import { del, entries, get, update } from 'idb-keyval';

import { sessionDatabase } from '../store/session-database.ts';

/** A conversation as it is kept; `M` is the application's own kind of message. */
export interface Conversation<M> {
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

/** Conversations in this browser, a record each. A page claims the one it writes, so that tabs do not overwrite each other. */
export class Conversations<M> {
  readonly #held = new Map<string, () => void>();

  /** All that are kept, the newest first; none where the browser keeps nothing. */
  async list(): Promise<Conversation<M>[]> {
    const all = await entries<Key, Conversation<M>>(sessionDatabase()).catch(() => []);
    return all
      .filter(([[kind]]) => kind === 'chat')
      .map(([, chat]) => chat)
      .sort((a, b) => b.updatedAt - a.updatedAt);
  }

  /**
   * The conversation `id`, or the newest one, if no other page has it; otherwise a new one. `steal` takes it from a page
   * that is frozen, whose next `save` fails.
   */
  async claim(id?: string, { steal = false } = {}): Promise<Conversation<M>> {
    const kept = id === undefined ? (await this.list())[0] : await this.#read(id);
    if (kept && (await this.#hold(kept.id, steal))) return (await this.#read(kept.id)) ?? kept;
    return this.create();
  }

  /** A new conversation, kept from its first `save` on. */
  async create(): Promise<Conversation<M>> {
    const words = crypto.getRandomValues(new Uint32Array(4));
    const id = Array.from(words, (word) => word.toString(36)).join('-');
    await this.#hold(id);
    return { id, revision: 0, updatedAt: Date.now(), messages: [], session: null };
  }

  /**
   * Keeps a conversation; go on with the one that is returned. Where another page has written it meanwhile, this becomes a
   * new one beside it; with Web Locks that page has taken it over on purpose, and this fails with `busy`. Rejects where the
   * browser keeps nothing.
   */
  async save(chat: Conversation<M>): Promise<Conversation<M>> {
    const next = { ...chat, revision: chat.revision + 1, updatedAt: Date.now() };
    let overtaken = false;
    const replace = (kept?: Conversation<M>) => {
      overtaken = kept !== undefined && kept.revision !== chat.revision;
      return overtaken ? kept! : next;
    };
    await update<Conversation<M>>(['chat', chat.id] satisfies Key, replace, sessionDatabase());
    if (!overtaken) return next;
    if (globalThis.navigator?.locks) throw takenOver();
    return this.save({
      ...chat,
      ...(await this.create()),
      messages: chat.messages,
      session: chat.session,
    });
  }

  async remove(id: string): Promise<void> {
    await del(['chat', id] satisfies Key, sessionDatabase());
    this.release(id);
  }

  /** Lets other pages claim it. */
  release(id: string): void {
    this.#held.get(id)?.();
    this.#held.delete(id);
  }

  #read(id: string): Promise<Conversation<M> | undefined> {
    const found = get<Conversation<M>>(['chat', id] satisfies Key, sessionDatabase());
    return found.catch(() => undefined);
  }

  /** Whether this page has the conversation from now on; for ever true where there are no Web Locks. */
  #hold(id: string, steal = false): Promise<boolean> {
    const { locks } = globalThis.navigator ?? {};
    if (!locks || this.#held.has(id)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const keep = (lock: Lock | null) => {
        resolve(lock !== null);
        return lock && new Promise<void>((release) => this.#held.set(id, release));
      };
      const options = steal ? { steal } : { ifAvailable: true };
      locks.request(`pocketbit-chat:${id}`, options, keep).catch(() => {
        this.#held.delete(id);
        resolve(true);
      });
    });
  }
}

function takenOver(): PocketbitError {
  return new PocketbitError('busy', 'Another tab has gone on with this conversation.');
}
