import {
  deleteModel,
  type LoadProgress,
  load,
  type Model,
  type OtherTab,
  PocketbitError,
  type YieldReason,
} from 'pocketbit';
import { type Action, concernsUserData } from '../actions/action.ts';
import type { Outcome } from '../actions/user-data.ts';
import { Alarm } from './alarm.ts';
import { AnswerWriter } from './answer-writer.ts';
import { BUILT_IN, type Choice, choiceOf, firstChoice } from './catalog.ts';
import { Chat } from './chat.ts';
import { read, write } from './database.ts';
import { freshId } from './fresh-id.ts';
import { Installer } from './install.ts';
import type { Message } from './message.ts';
import { OfflineShell } from './offline.ts';
import type { Unreadable } from './set-aside.ts';
import { Tabs } from './tabs.ts';
import { UserDataStore } from './user-data.ts';

export type Phase =
  | { name: 'loading'; progress: LoadProgress | null }
  | { name: 'ready'; model: Model }
  /** Another tab has the model; this one shows its conversation, and may be `taking` it over. */
  | { name: 'elsewhere'; other: OtherTab; taking: boolean }
  | { name: 'failed'; error: PocketbitError };

/** Something that happened without being asked for, worth one quiet line. */
export type Notice =
  | 'resumed'
  | 'recovered'
  | 'smaller'
  | 'unkept'
  /** Something could not be stored, and is tried again. */
  | 'unsaved'
  /** Something that is stored cannot be read. */
  | 'unreadable'
  | null;

/** The app without its looks: the model, the conversation and the user's data. Fires `change`. */
export class Assistant extends EventTarget {
  phase: Phase = { name: 'loading', progress: null };
  notice: Notice = null;
  choice: Choice = choiceOf(BUILT_IN.url);
  readonly chat = new Chat();
  readonly #alarm = new Alarm();
  readonly userData = new UserDataStore(() => this.#alarm.sound());
  readonly shell = new OfflineShell();
  readonly installer = new Installer();
  readonly #tabs = new Tabs();
  /** Stored conversations that cannot be read. */
  unreadableChats: readonly Unreadable[] = [];
  #away = false;
  readonly #writer = new AnswerWriter(this.chat, {
    model: () => this.#model(),
    entry: () => this.choice.entry,
    act: (action, answer) => this.#act(action, answer),
    recovered: () => {
      this.notice = 'recovered';
    },
    changed: () => this.#changed(),
  });
  #loading: AbortController | null = null;

  async start(): Promise<void> {
    for (const part of [this.userData, this.shell, this.installer]) {
      part.addEventListener('change', () => this.#changed());
    }
    this.installer.start();
    void this.shell.start();
    this.#listen();
    await this.userData.start();
    await this.chat.open();
    this.unreadableChats = await this.chat.unreadable();
    addEventListener('pagehide', () => this.chat.save());
    addEventListener('pageshow', ({ persisted }) => persisted && this.userData.refresh());
    document.addEventListener('visibilitychange', () => this.#onVisibility());
    this.choice = firstChoice(location.search, await read('model'));
    this.#changed();
    await this.#load();
  }

  /** Stored values that this version cannot read. */
  get unreadable(): readonly Unreadable[] {
    return [...this.userData.unreadable, ...this.unreadableChats];
  }

  async forgetUnreadable(): Promise<void> {
    await Promise.all([this.userData.forgetUnreadable(), this.chat.forgetUnreadable()]);
    this.unreadableChats = await this.chat.unreadable();
    if (this.notice === 'unreadable') this.notice = null;
    this.#changed();
  }

  get messages(): Message[] {
    return this.chat.messages;
  }

  get answering(): boolean {
    return this.#writer.answering;
  }

  /** True only when the next visit needs no network: the shell is cached and the model is stored. */
  get worksOffline(): boolean {
    const stored = this.phase.name === 'ready' && this.phase.model.info.storage === 'indexeddb';
    return stored && this.shell.controlled;
  }

  /** Takes the model and the conversation over from another tab. */
  useHere(): void {
    if (this.phase.name !== 'elsewhere') return;
    this.phase.other.takeOver();
    this.#show({ ...this.phase, taking: true });
  }

  /** Stops loading; what has arrived is stored for the next try. */
  cancelLoading(): void {
    this.#loading?.abort();
  }

  retry(): Promise<void> {
    return this.#load();
  }

  /** Switches to another model: an address, a stored source, a picked file. */
  async use(source: string | Blob): Promise<void> {
    if (this.phase.name === 'ready') await this.phase.model.close();
    this.choice = typeof source === 'string' ? choiceOf(source) : { source, entry: null };
    await this.#load();
    if (this.phase.name === 'ready')
      void write('model', this.phase.model.info.source ?? BUILT_IN.url);
  }

  useBuiltIn(): Promise<void> {
    return this.use(BUILT_IN.url);
  }

  stop(): void {
    this.#writer.stop();
  }

  /** Sends a message and streams the answer. */
  async send(text: string): Promise<void> {
    if (this.phase.name !== 'ready' || this.answering || text.trim() === '') return;
    this.#alarm.arm();
    this.notice = null;
    const answer = this.#open(text.trim());
    this.#save();
    await this.#writer.write(answer);
  }

  /** Carries out what a model proposed, where the user says so. */
  async decide(outcome: Outcome, accepted: boolean): Promise<void> {
    const answer = this.messages.find((message) => message.outcome === outcome);
    if (!answer || outcome.kind !== 'proposed' || this.phase.name === 'elsewhere') return;
    this.#alarm.arm();
    answer.outcome = accepted
      ? await this.userData.apply(outcome.action, answer.id)
      : { kind: 'declined' };
    this.#save();
  }

  dismissNotice(): void {
    this.notice = null;
    this.#changed();
  }

  /** Opens an earlier conversation, or begins a new one. */
  async openChat(id: string | null): Promise<void> {
    if (this.phase.name === 'elsewhere') return this.#showChat(id);
    await this.#writer.finish();
    await (id === null ? this.chat.begin() : this.chat.open(id));
    this.#announceChat();
    this.#changed();
    await this.#resume();
  }

  async clearConversation(): Promise<void> {
    if (this.phase.name === 'elsewhere') return;
    await this.#writer.finish();
    await this.chat.clear();
    this.#changed();
  }

  /** Goes on with the answer that an earlier visit left unfinished. */
  async #resume(): Promise<void> {
    const answer = this.messages.at(-1);
    if (answer?.state !== 'streaming' || this.#writer.writing || this.phase.name !== 'ready')
      return;
    this.notice ??= 'resumed';
    await this.#writer.write(answer);
  }

  async forget(source: string): Promise<void> {
    await deleteModel(source);
    this.#changed();
  }

  async #load(): Promise<void> {
    const earlier = this.#loading;
    const job = new AbortController();
    this.#loading = job;
    earlier?.abort();
    this.#show({ name: 'loading', progress: null });
    try {
      const model = await this.#fetch(job.signal);
      if (this.#loading !== job) return void model.close();
      this.notice = noticeOf(model) ?? this.#keepingNotice();
      await this.#reclaimChat();
      this.#show({ name: 'ready', model });
      void this.#resume();
      // Installed, the app may ask that its storage is not evicted; browsers answer without a prompt then.
      if (this.installer.installed) void navigator.storage?.persist?.().catch(() => {});
    } catch (error) {
      // A later load has taken over, and shows its own state.
      if (this.#loading !== job) return;
      this.#show({ name: 'failed', error: PocketbitError.from(error) });
    }
  }

  async #fetch(signal: AbortSignal): Promise<Model> {
    const { source, entry } = this.choice;
    const onProgress = (progress: LoadProgress) => {
      if (!signal.aborted) this.#show({ name: 'loading', progress });
    };
    const tabs = {
      tabs: 'one',
      onElsewhere: (other: OtherTab) => this.#wait(other),
      onYield: (reason: YieldReason) => this.#yield(reason),
    } as const;
    const options = { signal, onProgress, store: 'prefer', fit: 'shrink', ...tabs } as const;
    if (!entry) return load(source, options);
    try {
      return await load(source, { ...options, sha256: entry.sha256 });
    } catch (error) {
      // The app was updated and its new model is out of reach: the stored one still answers.
      const { code } = PocketbitError.from(error);
      if (code !== 'offline' && code !== 'network') throw error;
      return load(source, options).catch(() => Promise.reject(error));
    }
  }

  #listen(): void {
    this.chat.addEventListener('saved', () => this.#announceChat());
    for (const part of [this.chat, this.userData]) {
      for (const event of ['saved', 'unsaved', 'change']) {
        part.addEventListener(event, () => this.#tellUnsaved());
      }
    }
    this.#tabs.on('which', () => this.#announceChat());
    this.#tabs.on('chat', ({ id }) => {
      if (this.phase.name === 'elsewhere') void this.#showChat(id);
    });
  }

  /** Only the bundled model was made to act: what it is, its hash proves, whatever its file is called. Others ask. */
  async #act(action: Action, { id, model }: Message): Promise<Outcome> {
    const asks = model !== BUILT_IN.sha256 && concernsUserData(action);
    return asks ? { kind: 'proposed', action } : this.userData.apply(action, id);
  }

  #keepingNotice(): Notice {
    if (this.chat.unsaved || this.userData.failure !== null) return 'unsaved';
    return this.unreadable.length > 0 ? 'unreadable' : null;
  }

  /** Says that something is not stored, and no longer when it is. */
  #tellUnsaved(): void {
    const unsaved = this.#keepingNotice() === 'unsaved';
    if (unsaved && this.notice === null) this.notice = 'unsaved';
    else if (!unsaved && this.notice === 'unsaved') this.notice = null;
    else return;
    this.#changed();
  }

  /** Announces to the tabs that wait which conversation this one shows. */
  #announceChat(): void {
    if (this.phase.name === 'ready' && this.chat.id) {
      this.#tabs.send({ type: 'chat', id: this.chat.id });
    }
  }

  /** Another tab has the model: shows what that does. */
  #wait(other: OtherTab): void {
    this.#away = true;
    this.#show({ name: 'elsewhere', other, taking: false });
    void this.#showChat(null).then(() => this.#tabs.send({ type: 'which' }));
  }

  async #showChat(id: string | null): Promise<void> {
    await this.chat.show(id);
    this.#changed();
  }

  /** The model came from another tab; the conversation comes with it, even if that tab is frozen. */
  async #reclaimChat(): Promise<void> {
    if (!this.#away) return;
    this.#away = false;
    await this.chat.open(this.chat.id ?? undefined, { steal: true });
  }

  /** Another tab takes over: saves the answer to the token, releases the conversation, and waits for the model. */
  async #yield(reason: YieldReason): Promise<void> {
    if (reason === 'asked') await this.#saveNow();
    await this.chat.leave();
    void this.#load();
  }

  #open(text: string): Message {
    const base = { ids: [], id: freshId() };
    const answer: Message = {
      ...base,
      id: freshId(),
      role: 'assistant',
      text: '',
      state: 'streaming',
    };
    const question: Message = { ...base, role: 'user', text, state: 'done' };
    this.chat.add(question, answer);
    return answer;
  }

  /** A hidden page may never come back: saves what there is, then the answer to the token. One that comes back may have slept. */
  async #onVisibility(): Promise<void> {
    if (document.visibilityState !== 'hidden') return this.userData.refresh();
    this.chat.save();
    await this.#saveNow();
  }

  async #saveNow(): Promise<void> {
    if (this.phase.name === 'ready') await this.#writer.saveNow(this.phase.model);
  }

  /** The loaded model. Throws why there is none. */
  #model(): Model {
    if (this.phase.name === 'ready') return this.phase.model;
    if (this.phase.name === 'failed') throw this.phase.error;
    throw new PocketbitError('busy', 'The model is loading.');
  }

  #show(phase: Phase): void {
    this.phase = phase;
    this.#changed();
  }

  #save(): void {
    this.chat.save();
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

/** What is worth saying of a model that was just loaded. */
function noticeOf({ info }: Model): Notice {
  if (info.reducedFrom !== null) return 'smaller';
  return info.storage === 'memory' ? 'unkept' : null;
}
