import { type Conversation, Conversations, type SavedSession } from 'pocketbit';
import { read, write } from './database.ts';
import { type Message, storable } from './message.ts';

/** The tab's own conversation: it survives a reload and is no other tab's. */
const TAB_KEY = 'pocketbit-chat';

/** The conversation of this page, written whenever it changes, one write at a time. Fires `saved`. */
export class Chat extends EventTarget {
  messages: Message[] = [];
  /** Where the answer in the last message can go on. */
  session: SavedSession | null = null;
  readonly #store = new Conversations<Message>();
  #record: Conversation<Message> | null = null;
  #shown: string | null = null;
  #writing: Promise<void> | null = null;
  #again = false;

  /** The conversation that is shown. */
  get id(): string | null {
    return this.#record?.id ?? this.#shown;
  }

  /** Opens `id`, or this tab's conversation, or the newest one that no other tab has; `steal` even if one has it. */
  async open(id: string | undefined = remembered(), { steal = false } = {}): Promise<void> {
    await this.leave();
    this.#take(await this.#store.claim(id, { steal }));
    await this.#migrate();
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
    this.#take(await this.#store.create());
  }

  /** Lets other tabs have the conversation, once it is written; this one shows it and writes nothing more. */
  async leave(): Promise<void> {
    await this.#writing;
    if (!this.#record) return;
    this.#shown = this.#record.id;
    this.#store.release(this.#record.id);
    this.#record = null;
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
    this.messages = chat?.messages ?? [];
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
    return this.#store.remove(id).catch(() => {});
  }

  /** The other conversations, the newest first. */
  async others(): Promise<readonly Conversation<Message>[]> {
    return (await this.#store.list()).filter(({ id }) => id !== this.id);
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
      const { messages, session } = this;
      if (!this.#record || (messages.length === 0 && this.#record.revision === 0)) break;
      const record = { ...this.#record, messages: storable(messages), session };
      await this.#store.save(record).then(
        (saved) => {
          this.#own(saved);
          this.dispatchEvent(new Event('saved'));
        },
        (error) => console.warn('Pocketbit could not keep the conversation:', error),
      );
    } while (this.#again);
  }

  #take(record: Conversation<Message>): void {
    this.messages = record.messages;
    this.session = record.session;
    this.#own(record);
  }

  #own(record: Conversation<Message>): void {
    this.#record = record;
    try {
      sessionStorage.setItem(TAB_KEY, record.id);
    } catch {
      // Private mode: a reload then opens the newest conversation.
    }
  }

  /** Versions before 0.2 kept one list for all tabs. */
  async #migrate(): Promise<void> {
    const old = await read<Message[]>('messages');
    if (!old) return;
    if (this.messages.length === 0) this.messages = old;
    this.save();
    await this.#writing;
    await write('messages', undefined);
  }
}

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
