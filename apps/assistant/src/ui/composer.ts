import { html, type TemplateResult } from 'lit';
import { icons } from './icons.ts';
import { View } from './view.ts';

/** The tab's own message that is not sent yet. */
const DRAFT_KEY = 'pocketbit-draft';

/** Where the user writes; Enter sends, Shift+Enter breaks the line, the same button stops. */
export class ComposerView extends View {
  static override properties = { ...View.properties, text: { state: true } };
  declare text: string;

  constructor() {
    super();
    this.text = draft();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('pagehide', this.#keep);
  }

  override render(): TemplateResult {
    if (this.assistant.phase.name === 'elsewhere')
      return this.#elsewhere(this.assistant.phase.taking);
    return html`
      <form class="composer" @submit=${this.#submit}>
        <label class="sr-only" for="message">Message</label>
        <textarea
          id="message"
          rows="1"
          placeholder=${this.#placeholder()}
          enterkeyhint="send"
          autocomplete="off"
          data-testid="input"
          .value=${this.text}
          @input=${this.#input}
          @keydown=${this.#key}
        ></textarea>
        ${this.assistant.answering ? this.#stop() : this.#send()}
      </form>
    `;
  }

  override updated(): void {
    const area = this.querySelector('textarea');
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
  }

  /** In place of the form while another tab is the one that answers. */
  #elsewhere(taking: boolean): TemplateResult {
    return html`
      <section class="elsewhere" role="status" data-testid="elsewhere">
        <p>In use in another tab.</p>
        <button class="button" data-testid="use-here" ?disabled=${taking} @click=${() => this.assistant.useHere()}>
          ${taking ? 'Moving here…' : 'Use it here'}
        </button>
      </section>
    `;
  }

  #send(): TemplateResult {
    const idle = this.assistant.phase.name !== 'ready' || this.text.trim() === '';
    return html`
      <button class="round primary" aria-label="Send" data-testid="send" ?disabled=${idle}>${icons.send}</button>
    `;
  }

  #stop(): TemplateResult {
    return html`
      <button class="round primary" type="button" aria-label="Stop" data-testid="stop" @click=${() => this.assistant.stop()}>
        ${icons.stop}
      </button>
    `;
  }

  #placeholder(): string {
    const { name } = this.assistant.phase;
    if (name === 'loading') return 'Loading the model…';
    return name === 'failed' ? 'No model is loaded' : 'Ask for something';
  }

  readonly #input = (event: InputEvent) => {
    this.text = (event.currentTarget as HTMLTextAreaElement).value;
  };

  /** What is half written outlives a reload. */
  readonly #keep = () => {
    try {
      sessionStorage.setItem(DRAFT_KEY, this.text);
    } catch {
      // The browser stores nothing: a reload then forgets it.
    }
  };

  readonly #key = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit(event);
  };

  readonly #submit = (event: Event) => {
    event.preventDefault();
    if (this.assistant.phase.name !== 'ready' || this.assistant.answering) return;
    const { text } = this;
    this.text = '';
    void this.assistant.send(text);
  };
}

function draft(): string {
  try {
    return sessionStorage.getItem(DRAFT_KEY) ?? '';
  } catch {
    return '';
  }
}

customElements.define('pb-composer', ComposerView);
