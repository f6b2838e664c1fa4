// Peak memory: a fresh Chromium for each engine and model, the renderer's largest resident size less a blank page's.

import { median } from '@pocketbit/ui';
import type { Site } from '../../tests/support/serve.ts';
import { BenchBrowser, type EngineName } from '../speed/chromium.ts';
import { type Workload, workloadOf } from '../speed/models.ts';

/** Pocketbit's default for models that were made for as much; both engines get it. */
const CONTEXT = 2048;
/** Enough for every buffer to have been allocated. */
const PROMPT_TOKENS = 8;
const ANSWER_TOKENS = 2;
const BLANKS = 3;

/** Peak of the renderer above a blank page's, bytes. */
export type Peaks = Partial<Record<EngineName, number>>;

/** Resident size with the browser's own code (VmHWM), or private memory. */
export type Measure = 'resident' | 'private';

/** What the renderer of a page that shows nothing takes, bytes: the median of three browsers. */
export async function blankPeak(site: Site, measure: Measure = 'resident'): Promise<number> {
  const peaks: number[] = [];
  while (peaks.length < BLANKS) {
    peaks.push(
      await inBrowser(site, async (browser) => {
        await browser.blank();
        return peakDuring(browser, measure, async () => {});
      }),
    );
  }
  return median(peaks);
}

/**
 * Loads from the server into an empty storage and answers once; the median over `rounds`, engines in turns.
 * Measurement: @wllama/wllama's peak on one file differs by half from run to run (578 to 878 MB for 1.3B TQ2_0), as its
 * heap grows in steps.
 */
export async function peaksOf(
  site: Site,
  model: string,
  {
    engines,
    rounds,
    blank,
    measure = 'resident',
  }: { engines: readonly EngineName[]; rounds: number; blank: number; measure?: Measure },
): Promise<Peaks> {
  const counts = { promptTokens: PROMPT_TOKENS, decodeTokens: ANSWER_TOKENS };
  const workload = await workloadOf(model, counts);
  const found = engines.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, engine] of engines.entries()) {
      found[i]!.push((await peakOf(site, engine, workload, measure)) - blank);
    }
  }
  return Object.fromEntries(engines.map((engine, i) => [engine, median(found[i]!)]));
}

function peakOf(
  site: Site,
  engine: EngineName,
  { url, prompts }: Workload,
  measure: Measure,
): Promise<number> {
  return inBrowser(site, async (browser) => {
    const { call } = await browser.stand(engine);
    return peakDuring(browser, measure, async () => {
      await call('open', url, { contextLength: CONTEXT });
      await call('ask', prompts[0]!, ANSWER_TOKENS);
    });
  });
}

async function peakDuring(
  browser: BenchBrowser,
  measure: Measure,
  work: () => Promise<void>,
): Promise<number> {
  if (measure === 'private') return browser.privatePeak(work);
  await work();
  return browser.rendererPeak();
}

async function inBrowser<T>(site: Site, work: (browser: BenchBrowser) => Promise<T>): Promise<T> {
  const browser = await BenchBrowser.launch(site);
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}
