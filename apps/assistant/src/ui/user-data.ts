import { html, nothing, type TemplateResult } from 'lit';
import './timer.ts';
import { plain } from '../state/plain.ts';
import { download } from '../state/save.ts';
import { capital, moment } from './format.ts';
import { icons } from './icons.ts';
import { View } from './view.ts';

/** Entries of a group that are shown, the latest: more of them would stop the page. */
const MAX_SHOWN = 500;

/** Timers, reminders, lists and notes, as they stand now. */
export class UserDataView extends View {
  override render(): TemplateResult {
    const parts = [this.#timers(), this.#reminders(), ...this.#lists(), this.#notes()];
    const any = parts.some((part) => part !== nothing);
    return html`
      <div class="kept" data-testid="kept">
        ${any ? parts : html`<p class="faint">Timers, reminders, lists and notes will appear here. They stay on this device.</p>`}
        ${this.#unreadable()}
      </div>
    `;
  }

  /** What is stored and cannot be read: to be saved for whoever can, and to be deleted on a second word. */
  #unreadable(): TemplateResult | typeof nothing {
    const { length } = this.assistant.unreadable;
    if (length === 0) return nothing;
    return html`
      <section class="group" data-testid="unreadable">
        <p class="faint">${length === 1 ? 'One stored thing' : `${length} stored things`} could not be read. Nothing of that is deleted.</p>
        <button class="text-button" @click=${this.#saveUnreadable}>Save as a file</button>
        <button class="text-button" @click=${this.#forgetUnreadable}>Delete</button>
      </section>
    `;
  }

  readonly #saveUnreadable = () => {
    const file = new Blob([plain(this.assistant.unreadable)], { type: 'application/json' });
    download(file, 'pocketbit-unreadable.json');
  };

  readonly #forgetUnreadable = () => {
    if (confirm('Delete what could not be read?')) void this.assistant.forgetUnreadable();
  };

  #timers(): TemplateResult | typeof nothing {
    const { data } = this.assistant.userData;
    const live = data.timers.filter(({ state }) => state === 'running' || state === 'ringing');
    if (live.length === 0) return nothing;
    return group(
      'Timers',
      html`
      <ul class="plain">
        ${live.slice(-MAX_SHOWN).map(
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
        ${userData.data.reminders.slice(-MAX_SHOWN).map(
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
        ${items.slice(-MAX_SHOWN).map((item) => html`<li class="entry"><p>${item}</p>${remove(item, () => userData.removeItem(name, item))}</li>`)}
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
        ${userData.data.notes.slice(-MAX_SHOWN).map(
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
