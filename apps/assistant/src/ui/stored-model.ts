import { displayName } from '@pocketbit/ui';
import { html, nothing, type TemplateResult } from 'lit';
import {
  type LoadProgress,
  PocketbitError,
  repairModel,
  type StoredModel,
  verifyModel,
} from 'pocketbit';
import { textOf } from '../state/errors.ts';
import { saveAsFile } from '../state/save.ts';
import { bytes, moment } from './format.ts';
import { icons } from './icons.ts';
import { View } from './view.ts';

/** Longer work on a stored model, and how it ended; `bad` offers to put it right. */
interface Work {
  text: string;
  state: 'busy' | 'good' | 'bad' | 'failed';
}

/** One model in this browser's storage: to use, check, save as a file, delete. Fires `use` and `forget`. */
export class StoredModelView extends View {
  static override properties = {
    ...View.properties,
    model: { attribute: false },
    work: { state: true },
  };
  declare model: StoredModel;
  declare work: Work | null;

  constructor() {
    super();
    this.work = null;
  }

  override render(): TemplateResult {
    const { model } = this;
    const when = this.#inUse ? 'in use' : `used ${moment(model.lastUsed.getTime())}`;
    return html`
      <div class="entry">
        <div><p><bdi>${this.#name}</bdi></p><p class="faint">${bytes(model.bytes)} · ${when}</p></div>
        ${this.#inUse ? nothing : this.#choices()}
      </div>
      <div class="chores">${this.#chores()}</div>
      <p class="faint work" role="status" data-testid="work" data-state=${this.work?.state ?? 'none'}>${this.work?.text}</p>
    `;
  }

  get #name(): string {
    return displayName(this.model.name);
  }

  get #inUse(): boolean {
    const { phase } = this.assistant;
    return phase.name === 'ready' && phase.model.info.source === this.model.source;
  }

  #choices(): TemplateResult {
    const name = this.#name;
    return html`
      <button class="text-button" aria-label="Use ${name}" @click=${() => this.#emit('use')}>Use</button>
      <button class="round small" aria-label="Delete ${name}" @click=${() => this.#emit('forget')}>${icons.trash}</button>
    `;
  }

  #chores(): TemplateResult {
    const name = this.#name;
    const busy = this.work?.state === 'busy';
    return html`
      ${
        this.work?.state === 'bad'
          ? html`<button class="text-button" aria-label="Repair ${name}" @click=${this.#repair}>Repair</button>`
          : html`<button class="text-button" aria-label="Check ${name}" ?disabled=${busy} @click=${this.#check}>Check</button>`
      }
      <button class="text-button" aria-label="Save as a file: ${name}" ?disabled=${busy} @click=${this.#save}>Save as a file</button>
    `;
  }

  #emit(what: 'use' | 'forget'): void {
    this.dispatchEvent(new Event(what));
  }

  readonly #check = () =>
    this.#run('Checking', async (onProgress) => {
      const { chunks, damagedChunks } = await verifyModel(this.model.source, { onProgress });
      return damagedChunks === 0
        ? { state: 'good', text: 'Every byte is as it was stored.' }
        : { state: 'bad', text: `${damagedChunks} of ${chunks} parts are damaged.` };
    });

  readonly #repair = () =>
    this.#run('Repairing', async (onProgress) => {
      const { repairedChunks } = await repairModel(this.model.source, { onProgress });
      const parts = repairedChunks === 1 ? 'One part was' : `${repairedChunks} parts were`;
      return { state: 'good', text: `${parts} fetched again. The model is whole.` };
    });

  readonly #save = () =>
    this.#run('Saving', async () => {
      await saveAsFile({ ...this.model, name: this.#name });
      return null;
    });

  async #run(
    verb: string,
    work: (onProgress: (progress: LoadProgress) => void) => Promise<Work | null>,
  ): Promise<void> {
    const show = (share: string) => {
      this.work = { state: 'busy', text: `${verb}…${share}` };
    };
    show('');
    try {
      this.work = await work(({ loadedBytes, totalBytes }) => {
        if (totalBytes) show(` ${Math.round((100 * loadedBytes) / totalBytes)} %`);
      });
    } catch (error) {
      const failure = PocketbitError.from(error);
      this.work = failure.code === 'aborted' ? null : { state: 'failed', text: textOf(failure) };
    }
  }
}

customElements.define('pb-stored-model', StoredModelView);
