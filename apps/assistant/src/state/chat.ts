import { type Conversation, Conversations, type SavedSession } from 'pocketbit';
import { keep, recall } from './database.ts';
import { type Message, settled } from './message.ts';

/** The tab's own conversation: it survives a reload and is no other tab's. */
const TAB_KEY = 'pocketbit-chat';

/** The conversation of this page, written whenever it changes, one write at a time. */
export class Chat {
  messages: Message[] = [];
  /** Where the answer in the last message can go on. */
  session: SavedSession | null = null;
  readonly #store = new Conversations<Message>();
  #record: Conversation<Message> | null = null;
  #writing: Promise<void> | null = null;
  #again = false;

  /** Opens `id`, or this tab's conversation, or the newest one that no other tab has. */
  async open(id: string | undefined = remembered()): Promise<void> {
    await this.#writing;
    if (this.#record) this.#store.release(this.#record.id);
    this.#take(await this.#store.claim(id));
    await this.#moveIn();
  }

  /** Begins a new conversation; the earlier one stays. */
  async begin(): Promise<void> {
    await this.#writing;
    if (this.#record) this.#store.release(this.#record.id);
    this.#take(await this.#store.create());
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
    return (await this.#store.list()).filter(({ id }) => id !== this.#record?.id);
  }

  /** Writes what there is now. While a write is on its way, the next one waits for it and takes what there is then. */
  save(): void {
    if (this.#writing) this.#again = true;
    else this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    do {
      this.#again = false;
      const { messages, session } = this;
      if (!this.#record || (messages.length === 0 && this.#record.revision === 0)) break;
      const record = { ...this.#record, messages: settled(messages), session };
      await this.#store.save(record).then(
        (saved) => this.#own(saved),
        (error) => console.warn('Pocketbit could not keep the conversation:', error),
      );
    } while (this.#again);
    this.#writing = null;
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
  async #moveIn(): Promise<void> {
    const old = await recall<Message[]>('messages');
    if (!old) return;
    if (this.messages.length === 0) this.messages = old;
    this.save();
    await this.#writing;
    await keep('messages', undefined);
  }
}

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
