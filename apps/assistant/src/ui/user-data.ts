import { html, nothing, type TemplateResult } from 'lit';
import './timer.ts';
import { capital, moment } from './format.ts';
import { icons } from './icons.ts';
import { View } from './view.ts';

/** Timers, reminders, lists and notes, as they stand now. */
export class UserDataView extends View {
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
    const { data } = this.assistant.userData;
    const live = data.timers.filter(({ state }) => state === 'running' || state === 'ringing');
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
    const { userData } = this.assistant;
    if (userData.data.reminders.length === 0) return nothing;
    return group(
      'Reminders',
      html`
      <ul class="plain">
        ${userData.data.reminders.map(
          ({ id, text, when, dueAt, done }) => html`
          <li class="entry ${done ? 'due' : ''}">
            <div><p>${capital(text)}</p><p class="faint">${done ? 'Due ' : ''}${dueAt === null ? capital(when) : moment(dueAt)}</p></div>
            ${remove(text, () => userData.removeReminder(id))}
          </li>
        `,
        )}
      </ul>
    `,
    );
  }

  #lists(): TemplateResult[] {
    const { userData } = this.assistant;
    const lists = Object.entries(userData.data.lists).filter(([, items]) => items.length > 0);
    return lists.map(([name, items]) =>
      group(
        `${capital(name)} list`,
        html`
      <ul class="plain">
        ${items.map((item) => html`<li class="entry"><p>${item}</p>${remove(item, () => userData.removeItem(name, item))}</li>`)}
      </ul>
    `,
      ),
    );
  }

  #notes(): TemplateResult | typeof nothing {
    const { userData } = this.assistant;
    if (userData.data.notes.length === 0) return nothing;
    return group(
      'Notes',
      html`
      <ul class="plain">
        ${userData.data.notes.map(
          ({ id, text, at }) => html`
          <li class="entry">
            <div><p>${capital(text)}</p><p class="faint">${moment(at)}</p></div>
            ${remove(text, () => userData.removeNote(id))}
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

customElements.define('pb-kept', UserDataView);
