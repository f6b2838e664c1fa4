import { displayText } from '@pocketbit/ui';
import { html, nothing, type TemplateResult } from 'lit';
import './outcome.ts';
import { looksLikeAction } from '../actions/action.ts';
import type { Message } from '../state/message.ts';
import './prose.ts';
import { View } from './view.ts';

/** Characters of a question that are laid out at once. */
const LONG = 10_000;

/** One message: a bubble of the user, or an answer as prose or as a card. */
export class MessageView extends View {
  static override properties = { ...View.properties, message: { attribute: false } };
  declare message: Message;

  override render(): TemplateResult {
    const { message } = this;
    return html`
      <article
        class="message ${message.role}"
        aria-label=${message.role === 'user' ? 'You' : 'Pocketbit'}
        data-testid="message-${message.role}"
        data-state=${message.state}
        data-ids=${message.ids.join(',')}
      >
        ${message.role === 'user' ? this.#question() : this.#answer()}
      </article>
    `;
  }

  #question(): TemplateResult {
    const { text } = this.message;
    if (text.length <= LONG) return html`<p class="bubble">${text}</p>`;
    return html`<pb-prose class="bubble" .plain=${true} .text=${text}></pb-prose>`;
  }

  #answer(): TemplateResult {
    const { message } = this;
    return html`${this.#body()} ${this.#failure()} ${message.stats ? this.#stats() : nothing}`;
  }

  #body(): TemplateResult | typeof nothing {
    const { text, outcome, state } = this.message;
    if (outcome)
      return html`<pb-outcome .assistant=${this.assistant} .outcome=${outcome}></pb-outcome>`;
    const thinking = text === '' || looksLikeAction(text);
    if (state === 'streaming' && thinking) {
      return html`<p class="thinking" role="img" aria-label="Thinking"><i></i><i></i><i></i></p>`;
    }
    if (text === '') return state === 'failed' ? nothing : html`<p class="faint">Stopped.</p>`;
    return html`<pb-prose class="prose" data-testid="prose" .text=${text}></pb-prose>`;
  }

  #failure(): TemplateResult | typeof nothing {
    const { error } = this.message;
    return error ? html`<p class="failure" role="alert">${displayText(error)}</p>` : nothing;
  }

  #stats(): TemplateResult {
    const { tokensPerSecond, firstTokenMs, generatedTokens, stopReason } = this.message.stats!;
    const parts = [`first token ${Math.round(firstTokenMs)} ms`];
    if (tokensPerSecond > 0) parts.unshift(`${tokensPerSecond.toFixed(0)} tokens/s`);
    parts.push(`${generatedTokens} ${generatedTokens === 1 ? 'token' : 'tokens'}`);
    if (stopReason === 'aborted') parts.push('stopped');
    if (stopReason === 'context-full') parts.push('context full');
    return html`<p class="stats" data-testid="stats">${parts.join(' · ')}</p>`;
  }
}

customElements.define('pb-message', MessageView);
