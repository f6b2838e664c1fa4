import { By, type WebDriver } from 'selenium-webdriver';
import type { Lab } from '../lab/main.ts';

const WAIT_MS = 30_000;

/** The assistant or the lab in a WebKit window. */
export class Page {
  readonly #driver: WebDriver;

  constructor(driver: WebDriver) {
    this.#driver = driver;
  }

  async open(url: string): Promise<void> {
    await this.#driver.manage().setTimeouts({ script: WAIT_MS, pageLoad: WAIT_MS });
    await this.#driver.get(url);
  }

  async reload(): Promise<void> {
    await this.#driver.navigate().refresh();
  }

  /** Waits for an expression of the page to be true. */
  async until(expression: string): Promise<void> {
    const holds = () => this.#driver.executeScript<boolean>(`return Boolean(${expression})`);
    try {
      await this.#driver.wait(holds, WAIT_MS);
    } catch (error) {
      const text = await this.#driver.executeScript<string>('return document.body.innerText');
      throw new Error(`never true: ${expression}\nthe page says:\n${text}`, { cause: error });
    }
  }

  untilReady(): Promise<void> {
    return this.until(`/Ready|Works offline/.test(${find('status')}?.textContent)`);
  }

  untilOffline(): Promise<void> {
    return this.until(`${find('status')}?.dataset.offline === 'true'`);
  }

  /** Sends a message and returns the ids of its whole answer. */
  async ask(message: string): Promise<number[]> {
    const count = await this.#driver.executeScript<number>(
      `return ${all('message-assistant')}.length`,
    );
    await this.#driver.findElement(By.css('[data-testid="input"]')).sendKeys(message);
    await this.#driver.findElement(By.css('[data-testid="send"]')).click();
    const last = `${all('message-assistant')}[${count}]`;
    await this.until(`${last}?.dataset.state === 'done'`);
    const ids = await this.#driver.executeScript<string>(`return ${last}.dataset.ids`);
    return ids.split(',').map(Number);
  }

  /** Runs a self-contained function on the lab. */
  async evaluate<A, R>(work: (lab: Lab, argument: A) => Promise<R>, argument: A): Promise<R> {
    const script = `
      const done = arguments[arguments.length - 1];
      (${work})(window.lab, arguments[0]).then((value) => done({ value }), (error) => done({ error: String(error) }));
    `;
    const outcome = await this.#driver.executeAsyncScript<{ value: R; error?: string }>(
      script,
      argument,
    );
    if (outcome.error) throw new Error(outcome.error);
    return outcome.value;
  }
}

const find = (id: string) => `document.querySelector('[data-testid="${id}"]')`;
const all = (id: string) => `document.querySelectorAll('[data-testid="${id}"]')`;
