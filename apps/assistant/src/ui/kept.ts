import { html, nothing, type TemplateResult } from 'lit';
import './timer.ts';
import { capital, moment } from './format.ts';
import { icons } from './icons.ts';
import { View } from './view.ts';

/** Timers, reminders, lists and notes, as they stand now. */
export class KeptView extends View {
  override render(): TemplateResult {
    const parts = [this.#timers(), this.#reminders(), ...this.#lists(), this.#notes()];
    const any = parts.some((part) => part !== nothing);
    return html`
      <div class="kept" data-testid="kept">
        ${any ? parts : html`<p class="faint">Timers, reminders, lists and notes will appear here. They stay on this device.</p>`}
      </div>
    `;
  }

  #timers(): TemplateResult | typeof nothing {
    const { kept } = this.assistant.keeper;
    const live = kept.timers.filter(({ state }) => state === 'running' || state === 'ringing');
    if (live.length === 0) return nothing;
    return group(
      'Timers',
      html`
      <ul class="plain">
        ${live.map(
          (timer) => html`
          <li><span class="faint">${timer.label}</span><pb-timer .assistant=${this.assistant} .timer=${timer}></pb-timer></li>
        `,
        )}
      </ul>
    `,
    );
  }

  #reminders(): TemplateResult | typeof nothing {
    const { keeper } = this.assistant;
    if (keeper.kept.reminders.length === 0) return nothing;
    return group(
      'Reminders',
      html`
      <ul class="plain">
        ${keeper.kept.reminders.map(
          ({ id, text, when, dueAt, done }) => html`
          <li class="entry ${done ? 'due' : ''}">
            <div><p>${capital(text)}</p><p class="faint">${done ? 'Due ' : ''}${dueAt === null ? capital(when) : moment(dueAt)}</p></div>
            ${remove(text, () => keeper.removeReminder(id))}
          </li>
        `,
        )}
      </ul>
    `,
    );
  }

  #lists(): TemplateResult[] {
    const { keeper } = this.assistant;
    const lists = Object.entries(keeper.kept.lists).filter(([, items]) => items.length > 0);
    return lists.map(([name, items]) =>
      group(
        `${capital(name)} list`,
        html`
      <ul class="plain">
        ${items.map((item) => html`<li class="entry"><p>${item}</p>${remove(item, () => keeper.removeItem(name, item))}</li>`)}
      </ul>
    `,
      ),
    );
  }

  #notes(): TemplateResult | typeof nothing {
    const { keeper } = this.assistant;
    if (keeper.kept.notes.length === 0) return nothing;
    return group(
      'Notes',
      html`
      <ul class="plain">
        ${keeper.kept.notes.map(
          ({ id, text, at }) => html`
          <li class="entry">
            <div><p>${capital(text)}</p><p class="faint">${moment(at)}</p></div>
            ${remove(text, () => keeper.removeNote(id))}
          </li>
        `,
        )}
      </ul>
    `,
    );
  }
}

function group(title: string, body: TemplateResult): TemplateResult {
  return html`<section class="group"><h3>${title}</h3>${body}</section>`;
}

function remove(what: string, act: () => void): TemplateResult {
  return html`<button class="round small" aria-label="Remove ${what}" @click=${act}>${icons.close}</button>`;
}

customElements.define('pb-kept', KeptView);
