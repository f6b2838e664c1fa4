import { html, nothing, type TemplateResult } from 'lit';
import './timer.ts';
import type { Outcome } from '../actions/user-data.ts';
import { capital, moment } from './format.ts';
import { icons } from './icons.ts';
import { proposal } from './spoken.ts';
import { View } from './view.ts';

type Of<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>;

/** What came of an action, as a card. */
export class OutcomeView extends View {
  static override properties = { ...View.properties, outcome: { attribute: false } };
  declare outcome: Outcome;

  override render(): TemplateResult {
    const { outcome } = this;
    switch (outcome.kind) {
      case 'timer':
        return this.#timer(outcome.id);
      case 'reminder':
        return card('reminder', icons.bell, 'Reminder', reminder(outcome));
      case 'list':
        return card('list', icons.list, `${capital(outcome.list)} list`, list(outcome));
      case 'note':
        return card(
          'note',
          icons.note,
          'Note kept',
          html`<p class="big">${capital(outcome.text)}</p>`,
        );
      case 'convert':
        return card(
          'convert',
          icons.swap,
          outcome.question,
          html`<p class="result">${outcome.answer}</p>`,
        );
      case 'calculate':
        return card(
          'calculate',
          icons.sum,
          outcome.question,
          html`<p class="result">${outcome.answer}</p>`,
        );
      case 'proposed':
        return card('proposed', icons.question, 'Shall this be done?', this.#proposal(outcome));
      case 'declined':
        return card(
          'declined',
          icons.close,
          'Not done',
          html`<p>As you wished, nothing was done.</p>`,
        );
      case 'unknown':
        return card('unknown', icons.question, 'That is beyond me', unknown());
      case 'failed':
        return card('failed', icons.alert, 'That did not work', html`<p>${outcome.message}</p>`);
    }
  }

  /** Another tab that has the conversation decides; this one shows what was asked. */
  #proposal(outcome: Of<'proposed'>): TemplateResult {
    const decide = (accepted: boolean) => () => void this.assistant.decide(outcome, accepted);
    const elsewhere = this.assistant.phase.name === 'elsewhere';
    return html`
      <p>${proposal(outcome.action)}</p>
      <p class="faint">A model that is not Pocketbit’s own asks for this.</p>
      <div class="actions">
        <button class="button" data-testid="accept" ?disabled=${elsewhere} @click=${decide(true)}>Do it</button>
        <button class="button plain" data-testid="decline" ?disabled=${elsewhere} @click=${decide(false)}>Don’t</button>
      </div>
    `;
  }

  #timer(id: string): TemplateResult {
    const timer = this.assistant.userData.data.timers.find((entry) => entry.id === id);
    const body = timer
      ? html`<pb-timer .assistant=${this.assistant} .timer=${timer}></pb-timer>`
      : html`<p class="faint">This timer was cleared.</p>`;
    return card('timer', icons.timer, timer ? `Timer, ${timer.label}` : 'Timer', body);
  }
}

function card(
  kind: Outcome['kind'],
  icon: TemplateResult,
  title: string,
  body: TemplateResult,
): TemplateResult {
  return html`
    <section class="card ${kind}" data-testid="card" data-kind=${kind}>
      <span class="card-icon">${icon}</span>
      <div class="card-body">
        <h2>${title}</h2>
        ${body}
      </div>
    </section>
  `;
}

function reminder({ text, when, dueAt }: Of<'reminder'>): TemplateResult {
  return html`
    <p class="big">${capital(text)}</p>
    <p class="faint">${dueAt === null ? capital(when) : moment(dueAt)}</p>
  `;
}

function list({ op, item, found, items }: Of<'list'>): TemplateResult {
  const line = {
    add: found ? `“${item}” was already on it.` : `Added “${item}”.`,
    remove: found ? `Took “${item}” off.` : `“${item}” was not on it.`,
    show: '',
  }[op];
  const empty = html`<p class="faint">The list is empty.</p>`;
  const entries = html`
    <ul class="entries">
      ${items.map((entry) => html`<li class=${op === 'add' && entry === item ? 'new' : ''}>${entry}</li>`)}
    </ul>
  `;
  return html`${line ? html`<p>${line}</p>` : nothing}${items.length > 0 ? entries : empty}`;
}

function unknown(): TemplateResult {
  return html`
    <p>This small model knows timers, reminders, lists, notes, conversions, sums and short stories.</p>
  `;
}

customElements.define('pb-outcome', OutcomeView);
