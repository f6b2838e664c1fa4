// What Playwright drives: the installed Chromium, and its own Firefox and WebKit where they are downloaded.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserType, chromium, firefox, type Page, webkit } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { type Artifact, CALL_MS, type TestBrowser, type Window } from './browser.ts';

const TYPES = { chromium, firefox, webkit };
type Engine = keyof typeof TYPES;
type Options = Parameters<BrowserType['launchPersistentContext']>[1];

const NAMES = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' } as const;
/** The version that has relaxed SIMD switched on. */
const RELAXED_SINCE = { chromium: 114, firefox: 145, webkit: 27.3 } as const;

/** A page, and the context that closes with it. */
export class PageWindow implements Window {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    page.setDefaultTimeout(CALL_MS);
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
    return this.#page.context().close();
  }
}

/** A browser with one profile. */
export class PlaywrightBrowser implements TestBrowser {
  readonly name: string;
  readonly artifacts: readonly Artifact[];
  readonly #engine: Engine;
  readonly #recorder: Recorder;
  readonly #folder: string;

  private constructor(engine: Engine, version: string, recorder: Recorder) {
    this.name = NAMES[engine];
    const relaxed = Number.parseFloat(version) >= RELAXED_SINCE[engine];
    this.artifacts = relaxed ? ['scalar', 'simd128', 'relaxed'] : ['scalar', 'simd128'];
    this.#engine = engine;
    this.#recorder = recorder;
    this.#folder = mkdtempSync(join(tmpdir(), `pocketbit-${engine}-`));
  }

  static async start(engine: Engine): Promise<PlaywrightBrowser> {
    const browser = await TYPES[engine].launch(engine === 'chromium' ? withArgs() : {});
    const version = browser.version();
    await browser.close();
    return new PlaywrightBrowser(engine, version, await startRecorder());
  }

  async open(): Promise<Window> {
    const type = TYPES[this.#engine];
    const options = optionsOf(this.#engine, `127.0.0.1:${this.#recorder.port}`);
    const context = await type.launchPersistentContext(this.#folder, options);
    return new PageWindow(context.pages()[0] ?? (await context.newPage()));
  }

  foreignRequests(): string[] {
    return this.#recorder.pageRequests();
  }

  async stop(): Promise<void> {
    await this.#recorder.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Nothing leaves but through the proxy, and persistent storage is granted without a question. */
function optionsOf(engine: Engine, proxy: string): Options {
  if (engine === 'chromium') {
    return withArgs(`--proxy-server=${proxy}`, '--proxy-bypass-list=127.0.0.1');
  }
  return {
    proxy: { server: `http://${proxy}`, bypass: '127.0.0.1' },
    ...(engine === 'firefox' && {
      firefoxUserPrefs: {
        'dom.storageManager.prompt.testing': true,
        'dom.storageManager.prompt.testing.allow': true,
      },
    }),
  };
}
