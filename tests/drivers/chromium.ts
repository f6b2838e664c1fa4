// Chromium behind the same interface as Firefox and WebKit, with a profile that lasts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { CALL_MS, type TestBrowser, type Window } from './browser.ts';

/** A page and what closes with it. */
export class PageWindow implements Window {
  readonly #page: Page;
  readonly #owner: { close(): Promise<void> };

  constructor(page: Page, owner: { close(): Promise<void> }, timeoutMs = CALL_MS) {
    this.#page = page;
    this.#owner = owner;
    page.setDefaultTimeout(timeoutMs);
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.#page.evaluate<T>(expression);
  }

  type(selector: string, text: string): Promise<void> {
    return this.#page.fill(selector, text);
  }

  click(selector: string): Promise<void> {
    return this.#page.click(selector);
  }

  close(): Promise<void> {
    return this.#owner.close();
  }
}

/** One profile of the installed Chromium. */
export class Chromium implements TestBrowser {
  readonly name = 'Chromium';
  readonly artifacts = ['scalar', 'simd128', 'relaxed'] as const;
  readonly #recorder: Recorder;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pocketbit-chromium-'));

  private constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  static async start(): Promise<Chromium> {
    return new Chromium(await startRecorder());
  }

  async open(): Promise<Window> {
    const proxy = `--proxy-server=127.0.0.1:${this.#recorder.port}`;
    const options = withArgs(proxy, '--proxy-bypass-list=127.0.0.1');
    const context = await chromium.launchPersistentContext(this.#folder, options);
    return new PageWindow(context.pages()[0] ?? (await context.newPage()), context);
  }

  foreignRequests(): string[] {
    return this.#recorder.pageRequests();
  }

  async stop(): Promise<void> {
    await this.#recorder.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
