// Peak memory: a fresh Chromium for each engine and model, the renderer's largest resident size less a blank page's.

import { median } from '../../apps/bench/src/statistics.ts';
import type { Site } from '../../tests/support/serve.ts';
import { BenchBrowser, type EngineName } from './chromium.ts';
import type { Workload } from './models.ts';

const CONTEXT = 512;
/** Enough for every buffer to have been allocated. */
const ANSWER_TOKENS = 4;
const BLANKS = 3;

/** Peak of the renderer above a blank page's, bytes. */
export type Peaks = Partial<Record<EngineName, number>>;

/** VmHWM of the renderer of a page that shows nothing, bytes: the median of three browsers. */
export async function blankPeak(site: Site): Promise<number> {
  const peaks: number[] = [];
  while (peaks.length < BLANKS) {
    peaks.push(
      await inBrowser(site, async (browser) => {
        await browser.blank();
        return browser.rendererPeak();
      }),
    );
  }
  return median(peaks);
}

/** Loads from the server into an empty storage and answers once. */
export async function peaksOf(
  site: Site,
  workload: Workload,
  engines: readonly EngineName[],
  blank: number,
): Promise<Peaks> {
  const peaks: Peaks = {};
  for (const engine of engines) {
    peaks[engine] = await inBrowser(site, async (browser) => {
      const stand = await browser.stand(engine);
      await stand.call('open', workload.url, { contextLength: CONTEXT });
      await stand.call('ask', workload.prompts[0]!, ANSWER_TOKENS);
      return (await browser.rendererPeak()) - blank;
    });
  }
  return peaks;
}

async function inBrowser<T>(site: Site, work: (browser: BenchBrowser) => Promise<T>): Promise<T> {
  const browser = await BenchBrowser.launch(site);
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}
