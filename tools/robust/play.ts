// One run of a journey: its pages, what the user does in them, and what is found broken.
import type { Browser, BrowserContext, Page } from '@playwright/test';
import type {} from '../lab/main.ts';
import type { InjectingSite } from './injecting-site.ts';
import { DELAY_MS, type Fault } from './shim/fault.ts';

/** Longest that anything may take without an answer or a coded error. */
export const BOUND_MS = 20_000;
/** The same where a worker is gone without an event: the page counts its silence for a minute. */
const SILENT_MS = 80_000;

/** What a broken invariant is named by. */
export class Broken extends Error {}

/** A run of one journey with at most one fault. */
export class Play {
  readonly site: InjectingSite;
  /** Where the journey without a fault left its results, by name. */
  readonly expected: Map<string, string>;
  readonly broken: string[] = [];
  /** How often the user had to press a button after an error. */
  retried = 0;
  readonly bound: number;
  readonly #browser: Browser;
  readonly #fault: Fault | null;
  #context: BrowserContext | null = null;

  constructor(
    browser: Browser,
    site: InjectingSite,
    fault: Fault | null,
    expected: Map<string, string>,
  ) {
    this.#browser = browser;
    this.site = site;
    this.expected = expected;
    this.#fault = fault;
    this.bound = fault?.mode.startsWith('dies') ? SILENT_MS : BOUND_MS;
  }

  /** Whether the wall clock is another one at the next visit. */
  get clockJumps(): boolean {
    return this.#fault?.kind === 'clock';
  }

  /** How long the user stays after the last answer, milliseconds: longer than a call is held up. */
  get rest(): number {
    return this.#fault?.mode === 'delay' ? DELAY_MS + 500 : 150;
  }

  async begin(serviceWorkers: 'allow' | 'block'): Promise<void> {
    this.#context = await this.#browser.newContext({ serviceWorkers });
    this.#context.setDefaultTimeout(this.bound);
  }

  async end(): Promise<void> {
    await this.#context?.close();
  }

  /** Leaves what hangs. */
  async closePages(): Promise<void> {
    for (const page of this.#context?.pages() ?? []) await page.close();
  }

  /** A page with the shim in it. */
  async shimmed(name: string): Promise<Page> {
    const page = await this.#page(name);
    await page.addInitScript({ content: this.site.initScript(name) });
    return page;
  }

  /** A page as users have it. */
  plain(): Promise<Page> {
    return this.#page('clean');
  }

  /** Whether this is the run that shows what is right. */
  get faultless(): boolean {
    return this.#fault === null;
  }

  /** Compares a result with that of the journey without a fault. */
  same(name: string, value: string): void {
    const right = this.expected.get(name);
    if (this.faultless) this.expected.set(name, value);
    else if (right !== value) this.broken.push(`${name}: ${value} where ${right} is right`);
  }

  check(holds: boolean, text: string): void {
    if (!holds) this.broken.push(text);
  }

  async #page(name: string): Promise<Page> {
    const page = await this.#context!.newPage();
    // What esbuild names functions with, where they are sent into a page.
    await page.addInitScript('globalThis.__name ??= (value) => value');
    page.on('pageerror', (error) => {
      // The shim tells of its own pages' errors, the unhandled rejections with them.
      if (name === 'clean') this.broken.push(`afterwards: unhandled ${error.message}`);
    });
    page.on('dialog', (dialog) => void dialog.accept());
    return page;
  }
}
