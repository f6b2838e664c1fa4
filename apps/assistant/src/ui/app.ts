import { html, nothing, type TemplateResult } from 'lit';
import { textOf } from '../state/errors.ts';
import './composer.ts';
import './user-data.ts';
import './message.ts';
import './welcome.ts';
import { icons } from './icons.ts';
import type { ModelSheetView } from './model-sheet.ts';
import './model-sheet.ts';
import { noticeText } from './notice.ts';
import { spoken } from './spoken.ts';
import { View } from './view.ts';

/** Characters of an answer that are read aloud at its end. */
const MAX_SPOKEN = 4000;

/** The whole screen: header, conversation, composer, and the user's data beside it or in a sheet. */
export class AppView extends View {
  static override properties = { ...View.properties, dragging: { state: true } };
  declare dragging: boolean;
  #atBottom = true;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('dragover', this.#onDrag);
    addEventListener('dragleave', this.#onDrag);
    addEventListener('drop', this.#onDrop);
    visualViewport?.addEventListener('resize', this.#fit);
  }

  override render(): TemplateResult {
    return html`
      ${this.#header()}
      <main class="main">
        <div class="scroller" tabindex="0" role="region" aria-label="Conversation" @scroll=${this.#onScroll}>
          <div class="content">${this.#conversation()}</div>
        </div>
        ${this.#notice()}
        <pb-composer .assistant=${this.assistant}></pb-composer>
      </main>
      <aside class="aside" aria-labelledby="kept-title">
        <h2 id="kept-title">Kept for you</h2>
        <pb-kept .assistant=${this.assistant}></pb-kept>
      </aside>
      <dialog class="sheet" id="kept-sheet" aria-label="Kept for you">
        ${this.#sheetHead('Kept for you')}
        <pb-kept .assistant=${this.assistant}></pb-kept>
      </dialog>
      <pb-model-sheet .assistant=${this.assistant}></pb-model-sheet>
      ${this.#toasts()} ${this.dragging ? html`<div class="drop-hint">Drop a .gguf file to use it</div>` : nothing}
      <div class="sr-only" role="status">${this.#spoken()}</div>
    `;
  }

  /** Follows the growing answer, unless the reader has scrolled up. */
  override firstUpdated(): void {
    const scroller = this.querySelector('.scroller')!;
    const follow = new ResizeObserver(() => {
      if (this.#atBottom) scroller.scrollTop = scroller.scrollHeight;
    });
    follow.observe(scroller);
    follow.observe(this.querySelector('.content')!);
  }

  #header(): TemplateResult {
    const { data } = this.assistant.userData;
    const running = data.timers.filter(
      ({ state }) => state === 'running' || state === 'ringing',
    ).length;
    const items =
      running + data.reminders.length + data.notes.length + Object.keys(data.lists).length;
    return html`
      <header class="top">
        <h1 class="brand"><img src="icons/icon.svg" alt="" width="28" height="28" /><span class="brand-name">Pocketbit</span></h1>
        ${this.#status()}
        <button class="round kept-button" aria-label="Kept for you, ${items}" @click=${this.#openUserData}>
          ${icons.pocket}${items > 0 ? html`<span class="badge" aria-hidden="true">${items}</span>` : nothing}
        </button>
        <button class="round" aria-label="About the model" data-testid="model-button" @click=${this.#openModel}>
          ${icons.info}
        </button>
      </header>
    `;
  }

  #status(): TemplateResult {
    const { phase, worksOffline } = this.assistant;
    const [state, text] = worksOffline
      ? ['good', 'Works offline']
      : phase.name === 'ready'
        ? ['plain', phase.model.info.storage === 'memory' ? 'Not stored' : 'Ready']
        : phase.name === 'loading'
          ? ['busy', 'Loading']
          : phase.name === 'elsewhere'
            ? ['plain', 'In another tab']
            : ['bad', 'Not ready'];
    return html`
      <button class="pill ${state}" data-testid="status" data-offline=${String(worksOffline)} @click=${this.#openModel}>
        <span class="dot" aria-hidden="true"></span>${text}
      </button>
    `;
  }

  #conversation(): TemplateResult {
    const { messages } = this.assistant;
    if (messages.length === 0) return html`<pb-welcome .assistant=${this.assistant}></pb-welcome>`;
    return html`
      <ol class="messages">
        ${messages.map(
          (message) => html`
            <li class="row ${message.role}">
              <pb-message .assistant=${this.assistant} .message=${message}></pb-message>
            </li>
          `,
        )}
      </ol>
      <pb-welcome .assistant=${this.assistant} .compact=${true}></pb-welcome>
    `;
  }

  #sheetHead(title: string): TemplateResult {
    return html`
      <div class="sheet-head">
        <h2>${title}</h2>
        <form method="dialog"><button class="round" aria-label="Close">${icons.close}</button></form>
      </div>
    `;
  }

  #notice(): TemplateResult | typeof nothing {
    const { notice, phase } = this.assistant;
    const text = notice && noticeText(notice, phase.name === 'ready' ? phase.model.info : null);
    if (!text) return nothing;
    return html`
      <p class="quiet" role="status" data-testid="notice" data-notice=${notice}>
        <span>${text}</span>
        <button class="round small" aria-label="Dismiss" @click=${() => this.assistant.dismissNotice()}>${icons.close}</button>
      </p>
    `;
  }

  #toasts(): TemplateResult {
    const { userData, shell } = this.assistant;
    return html`
      <div class="toasts" role="alert">
        ${[...userData.alerts, ...userData.missed].map(({ id, text }) => toast(text, 'Dismiss', () => userData.dismiss(id)))}
        ${shell.update ? toast('A new version is ready.', 'Use it', () => shell.activate()) : nothing}
      </div>
    `;
  }

  /** What a screen reader hears when an answer is complete. */
  #spoken(): string {
    const last = this.assistant.messages.at(-1);
    if (this.assistant.phase.name === 'failed') return textOf(this.assistant.phase.error);
    if (last?.role !== 'assistant' || last.state === 'streaming') return '';
    return last.outcome ? spoken(last.outcome) : last.text.slice(0, MAX_SPOKEN);
  }

  readonly #openModel = () => this.querySelector<ModelSheetView>('pb-model-sheet')?.open();

  readonly #openUserData = () => this.querySelector<HTMLDialogElement>('#kept-sheet')?.showModal();

  readonly #onScroll = ({ currentTarget }: Event) => {
    const { scrollTop, clientHeight, scrollHeight } = currentTarget as HTMLElement;
    this.#atBottom = scrollTop + clientHeight > scrollHeight - 40;
  };

  /** Keeps the composer above the on-screen keyboard, where the browser does not do it itself. */
  readonly #fit = () => {
    // Zoomed in, the visual viewport is a part of the page and says nothing about the keyboard.
    if (!visualViewport || visualViewport.scale > 1.01) return;
    this.style.setProperty('--app-height', `${visualViewport.height}px`);
    scrollTo(0, 0);
  };

  readonly #onDrag = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = event.type === 'dragover';
  };

  readonly #onDrop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    this.dragging = false;
    if (!file) return;
    event.preventDefault();
    void this.assistant.use(file);
  };
}

function toast(text: string, action: string, act: () => void): TemplateResult {
  return html`
    <div class="toast">
      <span>${text}</span>
      <button class="text-button" @click=${act}>${action}</button>
    </div>
  `;
}

customElements.define('pb-app', AppView);
