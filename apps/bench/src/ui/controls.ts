import { html, nothing, type TemplateResult } from 'lit';
import type { BenchView } from './view.ts';

/** The choice of a model, and the button. */
export function controls(app: BenchView): TemplateResult {
  const running = app.progress !== null;
  return html`<form class="panel controls" @submit=${(event: SubmitEvent) => submit(app, event)}>
    <label class="field">
      Model
      <select
        name="model"
        data-testid="model"
        ?disabled=${running}
        @change=${(event: Event) => {
          app.choice = (event.target as HTMLSelectElement).value;
        }}
      >
        ${choices(app).map(
          ([value, name]) =>
            html`<option value=${value} ?selected=${value === app.choice}>${name}</option>`,
        )}
      </select>
    </label>
    ${further(app.choice)}
    <label class="check">
      <input type="checkbox" name="long" ?disabled=${running} />
      <span>Up to 4096 tokens of context</span>
    </label>
    <div class="actions">
      ${
        running
          ? html`<button type="button" class="button plain" @click=${() => app.stop()}>Stop</button>`
          : html`<button class="button" data-testid="run">Run the bench</button>`
      }
    </div>
    ${state(app)}
  </form>`;
}

/** Values and names: the bundled model, stored ones, a file, an address. */
function choices({ stored, choice }: BenchView): [string, string][] {
  const known: [string, string][] = [
    [BUNDLED, 'Pocketbit Actions (bundled)'],
    ...stored
      .filter(({ source }) => !source.endsWith('/models/pocketbit-actions.gguf'))
      .map(({ source, name }): [string, string] => [source, name]),
  ];
  const asked: [string, string][] =
    [FILE, ADDRESS].includes(choice) || known.some(([value]) => value === choice)
      ? []
      : [[choice, choice]];
  return [...known, ...asked, [FILE, 'A .gguf file…'], [ADDRESS, 'An address…']];
}

export const BUNDLED = '../models/pocketbit-actions.gguf';
const FILE = 'file';
const ADDRESS = 'address';

function further(choice: string): TemplateResult | typeof nothing {
  if (choice === FILE) {
    return html`<label class="field">
      File
      <input type="file" name="file" accept=".gguf" required />
    </label>`;
  }
  if (choice !== ADDRESS) return nothing;
  return html`<label class="field">
    Address
    <input type="url" name="address" required placeholder="https://…/model.gguf" />
  </label>`;
}

function submit(app: BenchView, event: SubmitEvent): void {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const given = form.get(app.choice);
  void app.run(given ?? app.choice, form.has('long'));
}

function state({ progress, problem }: BenchView): TemplateResult | typeof nothing {
  if (problem) return html`<p class="problem" role="alert" data-testid="problem">${problem}</p>`;
  if (!progress) return nothing;
  return html`<div class="state" data-testid="progress">
    <p class="faint">${progress.text}</p>
    <progress max="1" .value=${progress.share} aria-label="Progress of the run"></progress>
  </div>`;
}
