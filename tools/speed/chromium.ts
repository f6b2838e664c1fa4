// Chromium as the bench drives it: one page for each engine, and what its renderer processes cost.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type CDPSession, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import type { Site } from '../../tests/support/serve.ts';
import type { Contender } from '../lab/contender.ts';

export type EngineName = 'pocketbit' | 'wllama';

/** Where each engine's page lies on the test site, and the name its contender has there. */
const PAGES = {
  pocketbit: { path: 'lab/', global: 'lab' },
  wllama: { path: 'peer/', global: 'peer' },
} as const;

/** Runs a method of a page's contender. */
export type Caller = <K extends keyof Contender>(
  method: K,
  ...input: Parameters<Contender[K]>
) => Promise<Awaited<ReturnType<Contender[K]>>>;

/** An engine on a page of its own. */
export interface Stand {
  readonly engine: EngineName;
  readonly page: Page;
  readonly call: Caller;
}

/** After a load Pocketbit times its kernels while nobody asks for anything; the next load takes the fastest. */
const TIMING_MS = 1000;
/** Between two looks at a process's memory. */
const SAMPLE_MS = 5;

/** Loads, leaves the engine a second to itself, and loads again from the storage; resolves to the first load's time. */
export async function openTimed(
  call: Caller,
  ...input: Parameters<Contender['open']>
): Promise<number> {
  const ms = await call('open', ...input);
  await sleep(TIMING_MS);
  await call('close');
  await call('open', ...input);
  return ms;
}

/** One running Chromium. */
export class BenchBrowser {
  readonly #browser: Browser;
  readonly #session: CDPSession;
  readonly #site: Site;

  private constructor(browser: Browser, session: CDPSession, site: Site) {
    this.#browser = browser;
    this.#session = session;
    this.#site = site;
  }

  static async launch(site: Site): Promise<BenchBrowser> {
    const browser = await chromium.launch(launchOptions);
    return new BenchBrowser(browser, await browser.newBrowserCDPSession(), site);
  }

  get version(): string {
    return this.#browser.version();
  }

  /** A page that shows nothing, the measure of what a page costs. */
  async blank(): Promise<Page> {
    const page = await this.#browser.newPage();
    await page.goto('about:blank');
    return page;
  }

  /** A page that never rests: another program's load on the machine. */
  async busyPage(): Promise<void> {
    const page = await this.#browser.newPage();
    await page.goto(`${this.#site.url}lab/`);
    await page.evaluate(() => {
      setInterval(() => {
        const end = performance.now() + 100;
        while (performance.now() < end);
      }, 0);
    });
  }

  /** A page with the engine, no model loaded. */
  async stand(engine: EngineName): Promise<Stand> {
    const { path, global } = PAGES[engine];
    const page = await this.#browser.newPage();
    // A measurement is one call into the page, which takes what it takes.
    page.setDefaultTimeout(0);
    await page.goto(this.#site.url + path);
    await page.waitForFunction((name) => name in window, global);
    return {
      engine,
      page,
      call: (method, ...input) =>
        page.evaluate(
          ([name, asked, given]) => {
            const { contender } = Reflect.get(window, name) as { contender: Contender };
            return Reflect.apply(contender[asked], contender, given);
          },
          [global, method, input] as const,
        ) as never,
    };
  }

  /** CPU time of all renderer processes up to now, milliseconds. */
  async rendererCpu(): Promise<number> {
    const pids = await this.#renderers();
    return pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  }

  /** The largest resident size the newest renderer, the last page's, ever had (VmHWM), bytes. */
  async rendererPeak(): Promise<number> {
    return statusOf(Math.max(...(await this.#renderers())), ['VmHWM']);
  }

  /**
   * The most private memory of the newest renderer while `work` runs, bytes: what is anonymous or shared with other
   * processes' data, without the browser's own code, of which the kernel keeps one copy for all and drops it at need.
   */
  async privatePeak(work: () => Promise<unknown>): Promise<number> {
    const pid = Math.max(...(await this.#renderers()));
    let max = 0;
    const look = () => {
      max = Math.max(max, statusOf(pid, ['RssAnon', 'RssShmem']));
    };
    const watch = setInterval(look, SAMPLE_MS);
    await work().finally(() => clearInterval(watch));
    look();
    return max;
  }

  async #renderers(): Promise<number[]> {
    const { processInfo } = await this.#session.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** Nanoseconds on a CPU stand first in a thread's schedstat. */
function cpuOf(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const times = readdirSync(folder).map((thread) => {
    const [onCpu] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
    return Number(onCpu);
  });
  return times.reduce((sum, time) => sum + time, 0) / 1e6;
}

/** Fields of a process's status, added up, bytes. */
function statusOf(pid: number, fields: readonly string[]): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = fields.map((field) => {
    const [, found] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)!;
    return Number(found);
  });
  return 1024 * kilobytes.reduce((sum, value) => sum + value, 0);
}
