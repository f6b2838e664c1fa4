// Two tabs of the assistant for many minutes: the engine goes from one to the other and back, with answers, saves, a
// network that comes and goes and a clock that jumps; memory is watched.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../../tests/support/chromium.ts';
import { cacheFolder } from '../../tests/support/paths.ts';
import { bounded, type Check, type Figure, seconds } from '../lib/report.ts';
import { ask, start, untilReady } from './assistant.ts';
import { commit } from './commit.ts';
import { buildShim, InjectingSite } from './injecting-site.ts';
import * as options from './options.ts';
import { Play } from './play.ts';

const MINUTES = 10;
const FULL_MINUTES = 60;
/** Growth of a cycle, share of the whole. */
const MAX_SLOPE = 2e-4;
/** Cycles before anything is measured, caches and optimised code being there then. */
const WARM_UP = 4;
const HOUR_MS = 3_600_000;
const QUESTIONS = ['What is 12 * 7?', 'How many miles is 10 km?', 'Tell me a story about a fox'];

/** What is in use after a cycle, bytes. */
interface Sample {
  /** Private memory of all renderers. */
  readonly renderers: number;
  /** JavaScript heaps of both pages after a collection. */
  readonly heap: number;
  /** WebAssembly memory of the workers. */
  readonly wasm: number;
}

export const soak: Check = {
  title: 'load, answer, save, tabs, network flaps and clock jumps over and over: memory and errors',
  async run({ full, note }): Promise<Figure[]> {
    const minutes = options.minutes ?? (full ? FULL_MINUTES : MINUTES);
    const site = await InjectingSite.start(await buildShim());
    const browser = await chromium.launch(launchOptions);
    const log = logFile();
    try {
      const run = await Soak.begin(browser, site);
      const end = performance.now() + minutes * 60_000;
      while (performance.now() < end) log(await run.cycle());
      const { samples, errors } = run;
      note(
        `${samples.length} cycles in ${seconds(minutes * 60_000)} of commit ${commit}, log ${log.path}`,
      );
      for (const text of errors) note(`error: ${text}`);
      return figuresOf(samples.slice(WARM_UP), errors);
    } finally {
      await browser.close();
      await site.close();
    }
  },
};

function logFile() {
  const folder = join(cacheFolder, 'robust');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `soak-${commit}.jsonl`);
  rmSync(path, { force: true });
  const write = (sample: Sample) => appendFileSync(path, `${JSON.stringify(sample)}\n`);
  return Object.assign(write, { path });
}

function figuresOf(samples: readonly Sample[], errors: readonly string[]): Figure[] {
  const slopes = (['renderers', 'heap', 'wasm'] as const).map((name) => {
    const values = samples.map((sample) => sample[name]);
    const label = `growth of a cycle, ${name}, about ${(median(values) / 1e6).toFixed(1)} MB`;
    return bounded(
      label,
      slopeOf(values),
      { max: MAX_SLOPE },
      (slope) => `${(slope * 100).toFixed(4)} %`,
    );
  });
  const count = errors.length;
  return [...slopes, { label: 'errors', value: String(count), target: '0', pass: count === 0 }];
}

/** Growth of one step, share of the middle: the median of all slopes between two samples, which outliers do not move. */
function slopeOf(values: readonly number[]): number {
  const slopes = values.flatMap((a, i) => values.slice(i + 1).map((b, gap) => (b - a) / (gap + 1)));
  return slopes.length === 0 ? Number.NaN : median(slopes) / (median(values) || 1);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

class Soak {
  readonly samples: Sample[] = [];
  readonly errors: string[] = [];
  readonly #browser: Browser;
  readonly #play: Play;
  readonly #pages: Page[];
  #cycles = 0;

  private constructor(browser: Browser, play: Play, pages: Page[]) {
    this.#browser = browser;
    this.#play = play;
    this.#pages = pages;
  }

  static async begin(browser: Browser, site: InjectingSite): Promise<Soak> {
    site.begin(null);
    const play = new Play(browser, site, null, new Map());
    await play.begin('allow');
    const pages = [await play.shimmed('one'), await play.shimmed('two')];
    for (const page of pages) await start(page, play);
    return new Soak(browser, play, pages);
  }

  /** The engine comes to one tab, answers there, also without a network, and goes to the other. */
  async cycle(): Promise<Sample> {
    const turn = this.#cycles++;
    for (const page of this.#pages) {
      await this.#visit(page, turn).catch((error: Error) => {
        this.errors.push(`cycle ${turn}: ${error.message.split('\n')[0]}`);
      });
    }
    this.errors.push(...this.#play.broken.splice(0), ...this.#play.site.told.unhandled.splice(0));
    const sample = await this.#sample();
    this.samples.push(sample);
    return sample;
  }

  async #visit(page: Page, turn: number): Promise<void> {
    const play = this.#play;
    await page.bringToFront();
    await untilReady(page, play);
    const context = page.context();
    for (const [i, question] of QUESTIONS.entries()) {
      await context.setOffline(i === 1);
      await page.evaluate(
        (ms) => globalThis.pocketbitJump!(ms),
        turn % 2 === 0 ? HOUR_MS : -HOUR_MS,
      );
      const { ids } = await ask(page, play, question);
      this.#same(question, ids);
    }
    await context.setOffline(false);
    await hideAndShow(page);
    await page.getByTestId('model-button').click();
    await page.getByTestId('clear').click();
    await page.locator('dialog[open] button[aria-label=Close]').click();
  }

  #same(question: string, ids: string): void {
    const { expected } = this.#play;
    const right = expected.get(question);
    if (right === undefined) expected.set(question, ids);
    else if (right !== ids) this.errors.push(`“${question}”: ${ids} where ${right} is right`);
  }

  async #sample(): Promise<Sample> {
    let heap = 0;
    let wasm = 0;
    for (const page of this.#pages) {
      heap += await heapOf(page);
      const sizes = page
        .workers()
        .map((worker) =>
          worker.evaluate(() => globalThis.pocketbitWasmBytes?.() ?? 0).catch(() => 0),
        );
      wasm += (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    }
    return { renderers: await renderersOf(this.#browser), heap, wasm };
  }
}

/** Another app comes to the front, and this page again. */
async function hideAndShow(page: Page): Promise<void> {
  await page.evaluate(async () => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    Reflect.deleteProperty(document, 'visibilityState');
    document.dispatchEvent(new Event('visibilitychange'));
  });
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** Private memory of the browser's renderers, bytes. */
async function renderersOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const own = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => privateBytes(id));
  return own.reduce((sum, bytes) => sum + bytes, 0);
}

function privateBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const lines = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)];
    return lines.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
  } catch {
    return 0;
  }
}
