import {
  type ChatMessage,
  type GenerateResult,
  type LoadProgress,
  load,
  type Model,
  PocketbitError,
} from 'pocketbit';
import { STYLE } from './style.ts';
import { build, type Parts } from './template.ts';

/**
 * `<pocketbit-chat model="model.gguf">`: a chat with a model, in one element.
 *
 * Attributes: `model` (address of a GGUF file), `placeholder`, `autoload` (fetch the model at once; otherwise the
 * first use of the field does), `turns` (how many questions the model sees, with the answers between them; default 1).
 * Events, both bubbling: `pocketbit-answer` with a `GenerateResult`, `pocketbit-error` with a `PocketbitError`.
 */
export class PocketbitChat extends HTMLElement {
  readonly #parts: Parts;
  #model: Promise<Model> | null = null;
  #abort: AbortController | null = null;
  readonly #history: ChatMessage[] = [];

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    this.#parts = build(root, STYLE);
    const { form, field, stop } = this.#parts;
    form.addEventListener('submit', (event) => this.#submit(event));
    field.addEventListener('focus', () => this.#warm());
    stop.addEventListener('click', () => this.#abort?.abort());
  }

  connectedCallback(): void {
    this.#parts.field.placeholder = this.getAttribute('placeholder') ?? 'Ask something';
    if (this.hasAttribute('autoload')) this.#warm();
  }

  disconnectedCallback(): void {
    // A moved element is connected again at once; only one that stays away frees its model.
    queueMicrotask(() => {
      if (!this.isConnected) this.#release();
    });
  }

  /** Asks the model and shows the exchange. Rejects with a PocketbitError. */
  async ask(text: string): Promise<GenerateResult> {
    if (this.#abort)
      throw new PocketbitError('busy', 'The chat is answering. Wait or stop it first.');
    this.#abort = new AbortController();
    this.#parts.say('user', text);
    this.#parts.answering(true);
    try {
      return await this.#answer(text, this.#abort.signal);
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#abort = null;
      this.#parts.answering(false);
    }
  }

  async #answer(text: string, signal: AbortSignal): Promise<GenerateResult> {
    const model = await this.#load();
    const line = this.#parts.say('assistant', '');
    const question = { role: 'user', content: text } as const;
    const stream = model.generate([...this.#earlier(), question], { signal });
    for await (const chunk of stream) {
      line.textContent += chunk.text;
      this.#parts.follow();
    }
    const result = await stream.result;
    line.dataset.ids = result.ids.join(',');
    line.textContent = readable(result.text);
    // A question that failed is asked no more: what is too long once is so every time.
    this.#history.push(question, { role: 'assistant', content: result.text });
    this.#announce('pocketbit-answer', result);
    return result;
  }

  /** The latest questions and answers: with the one that is asked, as many as `turns` says. */
  #earlier(): ChatMessage[] {
    const turns = Math.max(1, Number(this.getAttribute('turns') ?? 1) || 1);
    return this.#history.slice(Math.max(0, this.#history.length - 2 * (turns - 1)));
  }

  #load(): Promise<Model> {
    this.#model ??= this.#open().catch((error: unknown) => {
      // The next question may try again.
      this.#model = null;
      throw error;
    });
    return this.#model;
  }

  async #open(): Promise<Model> {
    const source = this.getAttribute('model');
    if (!source) {
      throw new PocketbitError(
        'bad-model',
        '<pocketbit-chat> needs a model attribute with the address of a GGUF file.',
      );
    }
    try {
      return await load(source, {
        store: 'prefer',
        onProgress: (progress) => this.#parts.status(describe(progress)),
      });
    } finally {
      this.#parts.status('');
    }
  }

  #warm(): void {
    this.#load().catch((error: unknown) => this.#failed(error));
  }

  #submit(event: Event): void {
    event.preventDefault();
    const { field } = this.#parts;
    const text = field.value.trim();
    if (text === '' || this.#abort) return;
    field.value = '';
    this.ask(text).catch(() => {});
  }

  #failed(error: unknown): PocketbitError {
    const failure = PocketbitError.from(error);
    this.#parts.status(failure.message, failure.code);
    this.#announce('pocketbit-error', failure);
    return failure;
  }

  #announce(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #release(): void {
    this.#abort?.abort();
    this.#model?.then((model) => model.close()).catch(() => {});
    this.#model = null;
  }
}

/** A flat JSON object as its values, "timer · 10 minutes"; any other text as it is. */
function readable(text: string): string {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return text;
    const values = Object.values(found);
    return values.every((value) => typeof value !== 'object') ? values.join(' · ') : text;
  } catch {
    return text;
  }
}

function describe({ phase, loadedBytes, totalBytes }: LoadProgress): string {
  if (phase === 'ready') return '';
  const done = totalBytes ? ` ${Math.floor((loadedBytes / totalBytes) * 100)} %` : '';
  return `${phase === 'download' ? 'Downloading' : 'Loading'} the model…${done}`;
}
