import { html, nothing, type TemplateResult } from 'lit';
import type { LoadProgress } from 'pocketbit';
import { textOf, titleOf } from '../state/errors.ts';
import { bytes } from './format.ts';
import { View } from './view.ts';

const SUGGESTIONS = [
  'Set a timer for 10 minutes',
  'Add milk to the shopping list',
  'How many miles is 10 km?',
  'Remind me to call mom tomorrow at 5 pm',
  'What is 12 * 7?',
  'Tell me a story about a fox',
];

/** The greeting with suggestions, and how loading goes. Compact: loading and errors only. */
export class WelcomeView extends View {
  static override properties = { ...View.properties, compact: { type: Boolean } };
  declare compact: boolean;

  override render(): TemplateResult {
    const { phase } = this.assistant;
    return html`
      ${this.compact ? nothing : this.#greeting()}
      ${phase.name === 'loading' ? this.#progress(phase.progress) : nothing}
      ${phase.name === 'failed' ? this.#failure() : nothing}
      ${this.compact || phase.name === 'failed' ? nothing : this.#suggestions()}
    `;
  }

  #greeting(): TemplateResult {
    return html`
      <div class="greeting">
        <img src="icons/icon.svg" alt="" width="72" height="72" />
        <h2>What can I do for you?</h2>
        <p>A tiny language model that runs right here, on this device. Nothing you type leaves it.</p>
      </div>
    `;
  }

  #suggestions(): TemplateResult {
    const ready = this.assistant.phase.name === 'ready';
    return html`
      <ul class="chips" aria-label="Suggestions">
        ${SUGGESTIONS.map(
          (text) => html`
          <li><button class="chip" ?disabled=${!ready} @click=${() => this.#ask(text)}>${text}</button></li>
        `,
        )}
      </ul>
    `;
  }

  /** The suggestion disappears, so the focus goes to where the answer appears. */
  #ask(text: string): void {
    this.closest<HTMLElement>('.scroller')?.focus();
    void this.assistant.send(text);
  }

  #progress(progress: LoadProgress | null): TemplateResult {
    const fetching = progress?.phase === 'download';
    const local = typeof this.assistant.choice.source !== 'string';
    const verb = !fetching ? 'Loading' : local ? 'Storing' : 'Downloading';
    const total = progress?.totalBytes ?? null;
    const text = !progress
      ? 'Starting…'
      : `${verb} ${bytes(progress.loadedBytes)}${total ? ` of ${bytes(total)}` : ''}`;
    return html`
      <div class="loading" data-testid="loading">
        <label for="load-progress">${text}${fetching ? eta(progress) : ''}</label>
        ${
          total
            ? html`<progress id="load-progress" max=${total} .value=${progress!.loadedBytes}></progress>`
            : html`<progress id="load-progress"></progress>`
        }
        ${
          fetching
            ? html`<button class="text-button" @click=${() => this.assistant.cancelLoading()}>Cancel</button>`
            : nothing
        }
      </div>
    `;
  }

  #failure(): TemplateResult | typeof nothing {
    const { phase, choice } = this.assistant;
    if (phase.name !== 'failed') return nothing;
    return html`
      <section class="notice" role="alert" data-testid="error" data-code=${phase.error.code}>
        <h2>${titleOf(phase.error.code)}</h2>
        <p>${textOf(phase.error)}</p>
        <div class="actions">
          <button class="button" data-testid="retry" @click=${() => this.assistant.retry()}>${phase.error.code === 'aborted' ? 'Continue' : 'Try again'}</button>
          ${
            choice.entry
              ? nothing
              : html`<button class="button plain" @click=${() => this.assistant.useBuiltIn()}>Use the built-in model</button>`
          }
        </div>
      </section>
    `;
  }
}

function eta({ etaMs, bytesPerSecond }: LoadProgress): string {
  if (etaMs === null || etaMs < 1500) return '';
  return ` · ${bytes(bytesPerSecond)}/s · ${Math.round(etaMs / 1000)} s left`;
}

customElements.define('pb-welcome', WelcomeView);
