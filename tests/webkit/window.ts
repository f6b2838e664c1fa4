import { By, type WebDriver } from 'selenium-webdriver';
import { CALL_MS, type Window } from '../drivers/browser.ts';

const LOAD_MS = 30_000;

/** A window driven by classic WebDriver. */
export class WebDriverWindow implements Window {
  readonly #driver: WebDriver;

  constructor(driver: WebDriver) {
    this.#driver = driver;
  }

  async open(url: string): Promise<void> {
    await this.#driver.manage().setTimeouts({ script: CALL_MS, pageLoad: LOAD_MS });
    await this.#driver.get(url);
  }

  async reload(): Promise<void> {
    await this.#driver.navigate().refresh();
  }

  async evaluate<T>(expression: string): Promise<T> {
    const script = `
      const done = arguments[arguments.length - 1];
      (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));
    `;
    const outcome = await this.#driver.executeAsyncScript<{ value: T; error?: string }>(script);
    if (outcome.error) throw new Error(outcome.error);
    return outcome.value;
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#driver.findElement(By.css(selector)).sendKeys(text);
  }

  async click(selector: string): Promise<void> {
    await this.#driver.findElement(By.css(selector)).click();
  }

  async close(): Promise<void> {
    await this.#driver.quit();
  }
}
