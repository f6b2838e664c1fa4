// A Chromium with a profile of its own that can be killed as a system kills it: without a word.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from './chromium.ts';

/** Longest wait for the browser's debugging port. */
const START_MS = 20_000;

export class KillableBrowser {
  readonly page: Page;
  readonly #process: ChildProcess;
  readonly #browser: Browser;

  private constructor(process: ChildProcess, browser: Browser, page: Page) {
    this.#process = process;
    this.#browser = browser;
    this.page = page;
  }

  static async start(profile: string): Promise<KillableBrowser> {
    const portFile = join(profile, 'DevToolsActivePort');
    rmSync(portFile, { force: true });
    const child = spawn(
      launchOptions.executablePath ?? chromium.executablePath(),
      [
        ...(launchOptions.args ?? []),
        '--headless=new',
        '--no-sandbox',
        '--remote-debugging-port=0',
        '--hide-crash-restore-bubble',
        `--user-data-dir=${profile}`,
        'about:blank',
      ],
      { stdio: 'ignore' },
    );
    const port = await portIn(portFile, child);
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const context = browser.contexts()[0]!;
    return new KillableBrowser(child, browser, context.pages()[0] ?? (await context.newPage()));
  }

  /** SIGKILL to the browser process by its id; resolves when it is gone. Its children end with it. */
  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const gone = once(this.#process, 'exit');
      process.kill(pid, 'SIGKILL');
      await gone;
    }
    await this.#browser.close().catch(() => {});
  }
}

async function portIn(file: string, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const [port] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    if (port) return port;
    await sleep(50);
  }
  throw new Error('Chromium opened no debugging port');
}
