import { displayName } from '@pocketbit/ui';
import { html, nothing, type TemplateResult } from 'lit';
import {
  type Conversation,
  listModels,
  type ModelInfo,
  type StorageEstimate,
  type StoredModel,
  storageEstimate,
  type UnfinishedModel,
} from 'pocketbit';
import type { Message } from '../state/message.ts';
import { bytes, count, moment } from './format.ts';
import { icons } from './icons.ts';
import './stored-model.ts';
import { View } from './view.ts';

const ARTIFACTS = { relaxed: 'Relaxed SIMD', simd128: 'SIMD', scalar: 'Scalar (no SIMD)' } as const;

/** The model card, the other stored models, installing and deleting, as a sheet. */
export class ModelSheetView extends View {
  static override properties = {
    ...View.properties,
    stored: { state: true },
    chats: { state: true },
    room: { state: true },
  };
  declare stored: StoredModel[];
  declare chats: readonly Conversation<Message>[];
  declare room: StorageEstimate | null;

  constructor() {
    super();
    this.stored = [];
    this.chats = [];
    this.room = null;
  }

  async open(): Promise<void> {
    this.querySelector('dialog')?.showModal();
    await this.#refresh();
  }

  override render(): TemplateResult {
    return html`
      <dialog class="sheet" aria-labelledby="model-title" data-testid="model-sheet">
        <div class="sheet-head">
          <h2 id="model-title">The model</h2>
          <form method="dialog"><button class="round" aria-label="Close">${icons.close}</button></form>
        </div>
        ${this.#card()} ${this.#elsewhere ? nothing : html`${this.#offline()} ${this.#others()}`}
        ${this.#conversations()} ${this.#install()} ${this.#elsewhere ? nothing : this.#tidy()}
      </dialog>
    `;
  }

  /** While another tab has the model, this one changes nothing. */
  get #elsewhere(): boolean {
    return this.assistant.phase.name === 'elsewhere';
  }

  #card(): TemplateResult {
    const { phase, choice } = this.assistant;
    if (phase.name === 'elsewhere')
      return html`<p class="faint">The model is in use in another tab.</p>`;
    if (phase.name !== 'ready') return html`<p class="faint">No model is loaded.</p>`;
    const { info } = phase.model;
    return html`
      <section class="group">
        <h3><bdi>${choice.entry?.name ?? displayName(info.name)}</bdi></h3>
        ${choice.entry ? html`<p>${choice.entry.description}</p>` : nothing}
        <dl class="facts" data-testid="model-card">
          ${facts(info, choice.entry?.license).map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}
        </dl>
        <p class="faint">Checksum (SHA-256)</p>
        <p class="checksum">${info.sha256}</p>
      </section>
    `;
  }

  #offline(): TemplateResult {
    const { worksOffline, shell, phase } = this.assistant;
    const stored = phase.name === 'ready' && phase.model.info.storage === 'indexeddb';
    const text = worksOffline
      ? 'Everything is stored in this browser. You can switch the network off.'
      : !stored
        ? 'The model is not stored in this browser, so the next visit needs the network.'
        : shell.controlled
          ? ''
          : 'The app itself is not stored yet. Open it once more while online.';
    return html`<p class="hint ${worksOffline ? 'good' : ''}">${text}</p>`;
  }

  #others(): TemplateResult {
    return html`
      <section class="group">
        <h3>Models in this browser</h3>
        <ul class="plain" data-testid="stored">
          ${this.stored.map((model) => this.#storedRow(model))} ${this.#unfinished.map((model) => this.#unfinishedRow(model))}
        </ul>
        ${this.#promise()}
        <label class="button plain file">
          Open a .gguf file
          <input type="file" class="sr-only" data-testid="file" @change=${this.#pick} />
        </label>
      </section>
    `;
  }

  #storedRow(model: StoredModel): TemplateResult {
    return html`
      <li>
        <pb-stored-model
          .assistant=${this.assistant}
          .model=${model}
          @use=${() => this.#use(model.source)}
          @forget=${() => this.#confirmForget(model)}
        ></pb-stored-model>
      </li>
    `;
  }

  #confirmForget({ source, name, bytes: size }: StoredModel): void {
    if (confirm(`Delete ${displayName(name)} (${bytes(size)}) from this browser?`))
      void this.#forget(source);
  }

  /** Downloads that nobody is at. */
  get #unfinished(): UnfinishedModel[] {
    const { name } = this.assistant.phase;
    return name === 'loading' ? [] : (this.room?.unfinished ?? []);
  }

  #unfinishedRow({ source, name, loadedBytes, totalBytes }: UnfinishedModel): TemplateResult {
    const whole = totalBytes === null ? '' : ` of ${bytes(totalBytes)}`;
    return html`
      <li class="entry" data-testid="unfinished">
        <div><p><bdi>${displayName(name)}</bdi></p><p class="faint">${bytes(loadedBytes)}${whole} so far</p></div>
        <button class="text-button" @click=${() => this.#use(source)}>Continue</button>
        <button class="round small" aria-label="Delete ${displayName(name)}" @click=${() => this.#forget(source)}>${icons.trash}</button>
      </li>
    `;
  }

  /** Whether the browser may evict what is stored, as it answered when it was asked. */
  #promise(): TemplateResult | typeof nothing {
    const { persisted = null, modelBytes = 0 } = this.room ?? {};
    if (persisted === null || modelBytes === 0) return nothing;
    const text = persisted
      ? 'The browser has promised to keep them.'
      : 'The browser may clear them when the device runs out of space.';
    return html`<p class="faint promise" data-testid="persisted">${text}</p>`;
  }

  #conversations(): TemplateResult | typeof nothing {
    const fresh = this.assistant.messages.length === 0;
    if (fresh && this.chats.length === 0) return nothing;
    return html`
      <section class="group" data-testid="chats">
        <h3>Earlier conversations</h3>
        <ul class="plain">${this.chats.map((chat) => this.#chatRow(chat))}</ul>
        ${fresh || this.#elsewhere ? nothing : html`<button class="button plain wide" data-testid="new-chat" @click=${() => this.#openChat(null)}>New conversation</button>`}
      </section>
    `;
  }

  #chatRow({ id, messages, updatedAt }: Conversation<Message>): TemplateResult {
    const title = displayName(messages.find(({ role }) => role === 'user')?.text ?? 'Empty');
    return html`
      <li class="entry">
        <div><p class="one-line"><bdi>${title}</bdi></p><p class="faint">${moment(updatedAt)}</p></div>
        <button class="text-button" aria-label="Open “${title}”" @click=${() => this.#openChat(id)}>Open</button>
        ${this.#elsewhere ? nothing : html`<button class="round small" aria-label="Delete “${title}”" @click=${() => this.#removeChat(id)}>${icons.trash}</button>`}
      </li>
    `;
  }

  async #openChat(id: string | null): Promise<void> {
    this.querySelector('dialog')?.close();
    await this.assistant.openChat(id);
  }

  async #removeChat(id: string): Promise<void> {
    await this.assistant.chat.remove(id);
    await this.#refresh();
  }

  #install(): TemplateResult | typeof nothing {
    const { installer } = this.assistant;
    if (installer.offered) {
      return html`<button class="button" data-testid="install" @click=${() => installer.install()}>Install the app</button>`;
    }
    if (!installer.byShareMenu) return nothing;
    return html`<p class="hint">To keep this app: open the Share menu and choose “Add to Home Screen”.</p>`;
  }

  #tidy(): TemplateResult {
    return html`
      <section class="group tidy">
        <button class="text-button" data-testid="clear" @click=${() => this.assistant.clearConversation()}>Clear the conversation</button>
        <button class="text-button" @click=${this.#clearUserData}>Delete everything kept</button>
      </section>
    `;
  }

  readonly #clearUserData = () => {
    if (confirm('Delete all timers, reminders, lists and notes?')) this.assistant.userData.clear();
  };

  async #refresh(): Promise<void> {
    this.stored = await listModels().catch(() => []);
    this.room = await storageEstimate().catch(() => null);
    this.chats = await this.assistant.chat.others();
  }

  async #use(source: string | Blob): Promise<void> {
    this.querySelector('dialog')?.close();
    await this.assistant.use(source);
  }

  async #forget(source: string): Promise<void> {
    await this.assistant.forget(source);
    await this.#refresh();
  }

  readonly #pick = ({ currentTarget }: Event) => {
    const input = currentTarget as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) void this.#use(file);
  };
}

function facts(info: ModelInfo, license: string | undefined): [string, string][] {
  return [
    ['Parameters', count(info.parameters)],
    ['Weights', info.activation === 'W1A1' ? '1-bit' : '1.58-bit (ternary)'],
    ['File', bytes(info.fileBytes)],
    ['Memory', bytes(info.residentBytes)],
    ['Stored in', info.storage === 'indexeddb' ? 'this browser (IndexedDB)' : 'memory only'],
    ['Context', `${info.contextLength.toLocaleString('en-US')} tokens`],
    ['Vocabulary', `${info.vocabSize.toLocaleString('en-US')} tokens`],
    ['Engine', ARTIFACTS[info.artifact]],
    ...(license ? [['License', license] as [string, string]] : []),
  ];
}

customElements.define('pb-model-sheet', ModelSheetView);
