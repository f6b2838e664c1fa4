import type { Window } from '../drivers/browser.ts';
import type { BiDi } from './bidi.ts';

/** A value as BiDi serialises it, as far as it occurs here. */
type Remote = { type: 'string'; value: string } | { type: 'node'; sharedId: string };

type Evaluated =
  | { type: 'success'; result: Remote }
  | { type: 'exception'; exceptionDetails: { text: string } };

/** The first tab, driven by WebDriver BiDi. */
export class BiDiWindow implements Window {
  readonly #bidi: BiDi;
  readonly #context: string;
  readonly #end: () => Promise<void>;

  private constructor(bidi: BiDi, context: string, end: () => Promise<void>) {
    this.#bidi = bidi;
    this.#context = context;
    this.#end = end;
  }

  static async first(bidi: BiDi, end: () => Promise<void>): Promise<BiDiWindow> {
    type Tree = { contexts: { context: string }[] };
    const { contexts } = await bidi.send<Tree>('browsingContext.getTree', {});
    return new BiDiWindow(bidi, contexts[0]!.context, end);
  }

  async open(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { url, wait: 'complete' });
  }

  async reload(): Promise<void> {
    await this.#send('browsingContext.reload', { wait: 'complete' });
  }

  async evaluate<T>(expression: string): Promise<T> {
    const json = `(async () => JSON.stringify({ value: await (${expression}) }))()`;
    const result = await this.#evaluate(json);
    if (result.type !== 'string') throw new Error(`JSON came as a ${result.type}`);
    return JSON.parse(result.value).value;
  }

  async type(selector: string, text: string): Promise<void> {
    await this.click(selector);
    const actions = [...text].flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.#perform({ type: 'key', id: 'keyboard', actions });
  }

  async click(selector: string): Promise<void> {
    const element = await this.#evaluate(`document.querySelector(${JSON.stringify(selector)})`);
    if (element.type !== 'node') throw new Error(`no ${selector} on the page`);
    const origin = { type: 'element', element: { sharedId: element.sharedId } };
    const actions = [
      { type: 'pointerMove', x: 0, y: 0, origin },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ];
    await this.#perform({ type: 'pointer', id: 'mouse', actions });
  }

  /** Plays a device without a network, or ends that; a Firefox that has no such command rejects. */
  async setOffline(offline: boolean): Promise<void> {
    const networkConditions = offline ? { type: 'offline' } : null;
    const contexts = [this.#context];
    await this.#bidi.send('emulation.setNetworkConditions', { networkConditions, contexts });
  }

  close(): Promise<void> {
    return this.#end();
  }

  async #evaluate(expression: string): Promise<Remote> {
    const outcome = await this.#bidi.send<Evaluated>('script.evaluate', {
      expression,
      target: { context: this.#context },
      awaitPromise: true,
    });
    if (outcome.type === 'success') return outcome.result;
    throw new Error(outcome.exceptionDetails.text);
  }

  #perform(source: object): Promise<unknown> {
    return this.#send('input.performActions', { actions: [source] });
  }

  #send(method: string, params: object): Promise<unknown> {
    return this.#bidi.send(method, { context: this.#context, ...params });
  }
}
