import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { listModels, PocketbitError, type StoredModel } from 'pocketbit';
import { measure, type Progress } from '../measure.ts';
import { type Result, resultOf, save, savedResults } from '../result.ts';
import { BUNDLED, controls } from './controls.ts';
import { results } from './results.ts';
import type { BenchView } from './view.ts';

/** What the page shows; it renders into the page itself, so that one stylesheet serves under a strict policy. */
export class BenchApp extends LitElement implements BenchView {
  static override properties = {
    stored: { state: true },
    progress: { state: true },
    problem: { state: true },
    result: { state: true },
    saved: { state: true },
    choice: { state: true },
    announcement: { state: true },
  };
  declare stored: StoredModel[];
  declare progress: Progress | null;
  declare problem: string;
  declare result: Result | null;
  declare saved: Result[];
  /** An address, `file` or `address`. */
  declare choice: string;
  /** What a button just did, read out. */
  declare announcement: string;
  #stop: AbortController | null = null;

  constructor() {
    super();
    this.stored = [];
    this.progress = null;
    this.problem = '';
    this.result = null;
    this.saved = savedResults();
    this.choice = new URLSearchParams(location.search).get('model') ?? BUNDLED;
    this.announcement = '';
  }

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#listStored();
  }

  async #listStored(): Promise<void> {
    this.stored = await listModels().catch(() => []);
  }

  /** Runs the bench on a model; a second call stops the first. */
  async run(source: string | Blob, long: boolean): Promise<void> {
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    this.problem = '';
    this.progress = { text: 'Starting', share: 0 };
    const report = (progress: Progress) => {
      if (this.#stop === stop) this.progress = progress;
    };
    try {
      const measured = await measure({ source, long, signal: stop.signal, report });
      this.result = resultOf(measured);
      this.saved = save(this.result);
    } catch (error) {
      const { code, message } = PocketbitError.from(error);
      if (code !== 'aborted') this.problem = message;
    } finally {
      if (this.#stop === stop) this.progress = null;
      void this.#listStored();
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  override render(): TemplateResult {
    return html`
      <header class="masthead">
        <h1>Pocketbit bench</h1>
        <p class="lead">
          How fast a model answers in this browser, on one core. Nothing leaves your device.
        </p>
      </header>
      <main class="layout">
        ${controls(this)}
        <div class="stack">
          ${this.result ? results(this) : this.progress ? nothing : this.#invitation()}
        </div>
      </main>
      <p class="sr-only" role="status">${this.announcement}</p>
    `;
  }

  #invitation(): TemplateResult {
    return html`<section class="panel">
      <h2>What it measures</h2>
      <p class="caption">
        The time to load, to read a prompt and to answer; how even the tokens come; how both grow with
        the length; and each kernel by itself. The bundled model takes a few seconds.
      </p>
    </section>`;
  }
}

customElements.define('pb-bench', BenchApp);
