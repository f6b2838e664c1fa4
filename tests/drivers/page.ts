import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../tools/lab/main.ts';
import type { Window } from './browser.ts';

const WAIT_MS = 30_000;
const POLL_MS = 100;

/** The assistant or the lab in a window. */
export class Page {
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  open(url: string): Promise<void> {
    return this.#window.open(url);
  }

  reload(): Promise<void> {
    return this.#window.reload();
  }

  /** Waits for an expression of the page to be true. */
  async until(expression: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!(await this.#window.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > deadline) throw await this.#neverTrue(expression);
      await sleep(POLL_MS);
    }
  }

  async #neverTrue(expression: string): Promise<Error> {
    const text = await this.#window.evaluate<string>('document.body.innerText');
    return new Error(`never true: ${expression}\nthe page says:\n${text}`);
  }

  untilReady(): Promise<void> {
    return this.until(`/Ready|Works offline/.test(${find('status')}?.textContent)`);
  }

  untilOffline(): Promise<void> {
    return this.until(`${find('status')}?.dataset.offline === 'true'`);
  }

  /** Sends a message and returns the ids of its whole answer. */
  async ask(message: string): Promise<number[]> {
    const count = await this.#window.evaluate<number>(`${all('message-assistant')}.length`);
    await this.#window.type(selector('input'), message);
    await this.#window.click(selector('send'));
    const last = `${all('message-assistant')}[${count}]`;
    await this.until(`${last}?.dataset.state === 'done'`);
    const ids = await this.#window.evaluate<string>(`${last}.dataset.ids`);
    return ids.split(',').map(Number);
  }

  /** Runs a self-contained function on the lab. */
  evaluate<A, R>(work: (lab: Lab, argument: A) => Promise<R>, argument: A): Promise<R> {
    return this.#window.evaluate<R>(`(${work})(window.lab, ${JSON.stringify(argument)})`);
  }
}

const selector = (id: string) => `[data-testid="${id}"]`;
const find = (id: string) => `document.querySelector('${selector(id)}')`;
const all = (id: string) => `document.querySelectorAll('${selector(id)}')`;
