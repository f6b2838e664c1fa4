import { isOneOf, isRecordOf, shape } from '@pocketbit/core';
import { type Conversation, Conversations, PocketbitError, type SavedSession } from 'pocketbit';
import { read, transact } from './database.ts';
import { type Message, readMessages, storable } from './message.ts';
import { copyAside, type Unreadable } from './set-aside.ts';

type Record = Conversation<Message>;

/** The tab's own conversation: it survives a reload and is no other tab's. */
const TAB_KEY = 'pocketbit-chat';
/** Where versions before 0.2 kept the one list of all tabs, and the conversation that it becomes. */
const OLD_LIST = 'messages';
/** Pause before a conversation that could not be stored is tried again; it doubles up to the longest, ms. */
const RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;

/**
 * The conversation of this page, written whenever it changes, one write at a time. Fires `saved`, and `unsaved` where a
 * write failed: what could not be stored stays here and is tried again.
 */
export class Chat extends EventTarget {
  messages: Message[] = [];
  /** Where the answer in the last message can go on. */
  session: SavedSession | null = null;
  /** Why the conversation is not stored; null where it is. */
  failure: unknown = null;
  readonly #store = new Conversations<Message>();
  #record: Record | null = null;
  #shown: string | null = null;
  #writing: Promise<void> | null = null;
  #again = false;
  /** Conversations that this page has left and that are not stored as they were then. */
  readonly #owed = new Map<string, Record>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pause = RETRY_MS;

  /** The conversation that is shown. */
  get id(): string | null {
    return this.#record?.id ?? this.#shown;
  }

  /** Opens `id`, or this tab's conversation, or the newest one that no other tab has; `steal` even if one has it. */
  async open(id: string | undefined = remembered(), { steal = false } = {}): Promise<void> {
    await this.leave();
    await this.#importOldList();
    const owed = this.#owed.get(id ?? '');
    await this.#take(owed ?? (await (steal ? this.#steal(id) : this.#store.claim(id))));
  }

  /**
   * Takes a conversation from a tab that is frozen, and writes it once as it is: what that tab still wants to write is
   * refused from then on. Where it has written in between, what it wrote is taken instead.
   */
  async #steal(id: string | undefined): Promise<Record> {
    for (let tries = 3; ; tries--) {
      const record = await this.#store.claim(id, { steal: true });
      if (record.revision === 0) return record;
      const own = await this.#store.save(record).catch(() => null);
      if (own || tries === 0) return own ?? record;
    }
  }

  /** Adds messages, before which an earlier answer cannot go on. */
  add(...messages: Message[]): void {
    this.messages = [...this.messages, ...messages];
    this.session = null;
  }

  /** Saves the conversation with the point from which its answer can go on. */
  saveSession(session: SavedSession): void {
    this.session = session;
    this.save();
  }

  /** The last answer cannot go on. */
  dropSession(): void {
    this.session = null;
  }

  /** Begins a new conversation; the earlier one stays. */
  async begin(): Promise<void> {
    await this.leave();
    await this.#take(await this.#store.create());
  }

  /** Lets other tabs have the conversation, once it is written; this one shows it and writes nothing more. */
  async leave(): Promise<void> {
    await this.#writing;
    if (!this.#record) return;
    const { id } = this.#record;
    this.#shown = id;
    if (this.failure !== null) this.#owed.set(id, this.#now(this.#record));
    else this.#store.release(id);
    this.#record = null;
  }

  /** Whether something of a conversation is not stored and is tried again. */
  get unsaved(): boolean {
    return this.failure !== null || this.#owed.size > 0;
  }

  /** Resolves once what there is now is written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Shows the conversation `id`, or the newest, as another tab has written it. */
  async show(id: string | null): Promise<void> {
    await this.leave();
    const all = await this.#store.list();
    const chat = id === null ? all[0] : all.find((other) => other.id === id);
    // Between two messages of other tabs this one may have got the conversation itself.
    if (this.#record) return;
    this.messages = readMessages(chat?.messages ?? []).messages;
    this.session = null;
    this.#shown = chat?.id ?? id;
  }

  /** Deletes this conversation and begins a new one. */
  async clear(): Promise<void> {
    const old = this.#record;
    await this.begin();
    if (old) await this.remove(old.id);
  }

  remove(id: string): Promise<void> {
    this.#owed.delete(id);
    return this.#store.remove(id).catch(() => {});
  }

  /** The other conversations, the newest first. */
  async others(): Promise<readonly Record[]> {
    const stored = (await this.#store.list()).filter(({ id }) => !this.#owed.has(id));
    const all = [...this.#owed.values(), ...stored].filter(({ id }) => id !== this.id);
    return all.map((chat) => ({ ...chat, messages: readMessages(chat.messages).messages }));
  }

  /** What lies among the conversations and cannot be read; none where nothing can be. */
  async unreadable(): Promise<Unreadable[]> {
    const found = await this.#store.unreadable().catch(() => []);
    return found.map(([key, value]) => ({ key, value }));
  }

  /** Deletes what lies among the conversations and cannot be read. */
  async forgetUnreadable(): Promise<void> {
    for (const [key] of await this.#store.unreadable().catch(() => [])) {
      await this.remove((key as [string, string])[1]);
    }
  }

  /** Writes what there is now. While a write is on its way, the next one waits for it and takes what there is then. */
  save(): void {
    this.#again = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      if (this.#again) this.save();
    });
  }

  async #write(): Promise<void> {
    do {
      this.#again = false;
      const { messages } = this;
      if (!this.#record || (messages.length === 0 && this.#record.revision === 0)) break;
      const record = this.#now(this.#record);
      try {
        this.#own(await this.#store.save(record));
        this.#wrote(null);
      } catch (error) {
        await this.#goOnBeside(record, error).catch((reason) => this.#wrote(reason));
      }
    } while (this.#again);
  }

  /** The conversation as it is now. */
  #now(record: Record): Record {
    return { ...record, messages: storable(this.messages), session: this.session };
  }

  async #goOnBeside(record: Record, error: unknown): Promise<void> {
    const own = await this.#beside(record, error);
    if (!own) return;
    this.#own(own);
    this.#wrote(null);
  }

  /**
   * Where another tab has gone on with the conversation, it has all that this one had stored; what it does not have
   * becomes a conversation beside it; null where there is nothing. Rejects with `error` where that is none of this.
   */
  async #beside(record: Record, error: unknown): Promise<Record | null> {
    if (PocketbitError.from(error).code !== 'busy') throw error;
    const theirs = (await this.#store.list()).find(({ id }) => id === record.id);
    const known = new Set(readMessages(theirs?.messages).messages.map(({ id }) => id));
    if (theirs && record.messages.every(({ id }) => known.has(id))) return null;
    const { id, revision } = await this.#store.create();
    return this.#store.save({ ...record, id, revision });
  }

  #wrote(failure: unknown): void {
    this.failure = failure;
    clearTimeout(this.#retry);
    if (failure === null) this.#pause = RETRY_MS;
    if (this.unsaved) this.#tryAgainLater();
    if (failure !== null) console.warn('Pocketbit could not keep the conversation:', failure);
    this.dispatchEvent(new Event(failure === null ? 'saved' : 'unsaved'));
  }

  #tryAgainLater(): void {
    this.#retry = setTimeout(() => void this.#pay(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_RETRY_MS);
  }

  async #pay(): Promise<void> {
    for (const [id, record] of this.#owed) {
      try {
        const saved = this.#store.save(record).catch((error) => this.#beside(record, error));
        const kept = (await saved)?.id ?? id;
        this.#owed.delete(id);
        for (const other of [id, kept]) if (other !== this.#record?.id) this.#store.release(other);
      } catch {
        return this.#tryAgainLater();
      }
    }
    if (this.failure !== null) this.save();
  }

  /** Goes on with a record; what of it cannot be read is kept aside before it is written again. */
  async #take(record: Record): Promise<void> {
    const { messages, whole } = readMessages(record.messages);
    const { session } = record;
    let own = record;
    if (!whole || (!isSession(session) && session)) {
      const copied = copyAside(['chat', record.id, record.revision], record);
      own = await copied.then(
        () => record,
        () => this.#store.create(),
      );
    }
    this.messages = messages;
    this.session = isSession(session) ? session : null;
    this.failure = null;
    this.#own(own);
    if (this.#owed.delete(record.id)) this.save();
  }

  #own(record: Record): void {
    this.#record = record;
    try {
      sessionStorage.setItem(TAB_KEY, record.id);
    } catch {
      // Private mode: a reload then opens the newest conversation.
    }
  }

  /** The one list becomes a conversation like others; it is deleted once that is stored. */
  async #importOldList(): Promise<void> {
    const old = await read(OLD_LIST);
    if (old === undefined) return;
    const { messages, whole } = readMessages(old);
    try {
      if (!whole) await copyAside([OLD_LIST], old);
      const there = (await this.#store.list()).some(({ id }) => id === OLD_LIST);
      const chat = { id: OLD_LIST, revision: 0, updatedAt: 0, messages, session: null };
      if (!there && messages.length > 0) await this.#store.save(chat);
      await transact('readwrite', (records) => void records.delete(OLD_LIST));
    } catch (error) {
      console.warn('Pocketbit could not take over an earlier conversation yet:', error);
    }
  }
}

const isIds = shape<Uint32Array>((value) => value instanceof Uint32Array);
/** What is looked at here of a session; the model looks at the rest before it goes on with one. */
const isSession = isRecordOf<Pick<SavedSession, 'version' | 'ids' | 'answer'>>({
  version: isOneOf<1>(1),
  ids: isIds,
  answer: isIds,
}) as (value: unknown) => value is SavedSession;

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
