// How even the tokens of a long answer come.
import { gaps, quantile } from '@pocketbit/ui';
import type { Site } from '../../tests/support/serve.ts';
import { BenchBrowser, openTimed } from './chromium.ts';
import { workloadOf } from './models.ts';

/** Milliseconds between tokens. */
export interface Steadiness {
  readonly model: string;
  readonly tokens: number;
  readonly p50: number;
  readonly p95: number;
  /** p95 over p50. */
  readonly ratio: number;
}

const WARM_UP_TOKENS = 128;

/** Decodes 512 tokens after a short prompt, warm; `load` busy pages beside it take a core each. */
export async function steadiness(
  site: Site,
  model: string,
  { tokens = 512, load = 0 } = {},
): Promise<Steadiness> {
  const workload = await workloadOf(model, { promptTokens: 16, decodeTokens: tokens });
  const browser = await BenchBrowser.launch(site);
  try {
    const stand = await browser.stand('pocketbit');
    await openTimed(stand.call, workload.url, { contextLength: 1024 });
    await stand.call('ask', workload.prompts[0]!, WARM_UP_TOKENS);
    for (let i = 0; i < load; i++) await browser.busyPage();
    const { tokenTimes } = await stand.call('ask', workload.prompts[1]!, tokens);
    const between = gaps(tokenTimes);
    const [p50, p95] = [quantile(between, 0.5), quantile(between, 0.95)];
    return { model, tokens: tokenTimes.length, p50, p95, ratio: p95 / p50 };
  } finally {
    await browser.close();
  }
}
