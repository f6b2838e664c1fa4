// Speed of engines on one file: in one Chromium, in turns, one thread each.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../../tests/support/serve.ts';
import type { TokenWork } from '../lab/contender.ts';
import type {} from '../lab/main.ts';
import { BenchBrowser, type EngineName, type Stand } from './chromium.ts';
import type { Workload } from './models.ts';
import { medianSample, type Sample, sampleOf } from './sample.ts';

/** Positions of the context that both engines get: room for prompt and answer, and no more to allocate. */
const CONTEXT = 512;

/** What one engine did with one model. Times in milliseconds. */
export interface Standing {
  /** Load with an empty storage, from the server of this machine; and again from the storage. */
  readonly coldMs: number;
  readonly warmMs: number;
  /** The first request after the load, while the browser still runs its baseline code. */
  readonly first: Sample;
  readonly samples: readonly Sample[];
  /** Medians over the samples. */
  readonly later: Sample;
}

export type Contest = Partial<Record<EngineName, Standing>> & {
  /** What a token of this model asks of the machine in Pocketbit. */
  work?: TokenWork;
};

export interface ContestOptions {
  readonly engines: readonly EngineName[];
  readonly rounds: number;
  /** An engine is warm after so many milliseconds of requests; at least one is made. */
  readonly warmUpMs?: number;
}

/** Loads the model in every engine and asks all of them the same, round by round. */
export async function contest(
  site: Site,
  workload: Workload,
  options: ContestOptions,
): Promise<Contest> {
  const browser = await BenchBrowser.launch(site);
  try {
    const stands: Stand[] = [];
    for (const engine of options.engines) stands.push(await browser.stand(engine));
    const loads = await loadAll(stands, workload);
    const ask = new Asker(browser, workload);
    const firsts = await oneByOne(stands, (stand) => ask.next(stand));
    await oneByOne(stands, (stand) => warmUp(stand, ask, options.warmUpMs ?? WARM_UP_MS));
    const rounds: Sample[][] = [];
    while (rounds.length < options.rounds) {
      rounds.push(await oneByOne(stands, (stand) => ask.next(stand)));
    }
    const standings = stands.map(({ engine }, i): [EngineName, Standing] => {
      const samples = rounds.map((round) => round[i]!);
      return [engine, { ...loads[i]!, first: firsts[i]!, samples, later: medianSample(samples) }];
    });
    const own = stands.find(({ engine }) => engine === 'pocketbit');
    const work = await own?.page.evaluate(() => window.lab.contender.tokenWork());
    return { ...Object.fromEntries(standings), ...(work && { work }) };
  } finally {
    await browser.close();
  }
}

const WARM_UP_MS = 3000;
const SETTLE_MS = 2000;

async function loadAll(stands: readonly Stand[], { url }: Workload) {
  const open = (stand: Stand) => stand.call('open', url, { contextLength: CONTEXT });
  const cold = await oneByOne(stands, open);
  // Idle for a moment, as between a load and a first question: Pocketbit times its kernels then.
  await sleep(SETTLE_MS);
  await oneByOne(stands, (stand) => stand.call('close'));
  const warm = await oneByOne(stands, open);
  return stands.map((_, i) => ({ coldMs: cold[i]!, warmMs: warm[i]! }));
}

/** Asks each engine every prompt in order, whatever the others do. */
class Asker {
  readonly #browser: BenchBrowser;
  readonly #workload: Workload;
  readonly #asked = new Map<Stand, number>();

  constructor(browser: BenchBrowser, workload: Workload) {
    this.#browser = browser;
    this.#workload = workload;
  }

  async next(stand: Stand): Promise<Sample> {
    const { prompts, promptTokens, decodeTokens, model } = this.#workload;
    const count = this.#asked.get(stand) ?? 0;
    this.#asked.set(stand, count + 1);
    const before = await this.#browser.rendererCpu();
    const answer = await stand.call('ask', prompts[count % prompts.length]!, decodeTokens);
    const cpuMs = (await this.#browser.rendererCpu()) - before;
    if (answer.promptTokens !== promptTokens || answer.tokenTimes.length < decodeTokens / 2) {
      const got = `${answer.promptTokens} prompt tokens and ${answer.tokenTimes.length} arrivals`;
      throw new Error(
        `${stand.engine} on ${model}: ${got}; asked for ${promptTokens} and ${decodeTokens}`,
      );
    }
    return sampleOf(answer, cpuMs);
  }
}

async function warmUp(stand: Stand, ask: Asker, minMs: number): Promise<void> {
  const start = performance.now();
  for (let made = 0; made === 0 || (performance.now() - start < minMs && made < 8); made++) {
    await ask.next(stand);
  }
}

async function oneByOne<T>(
  stands: readonly Stand[],
  work: (stand: Stand) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const stand of stands) results.push(await work(stand));
  return results;
}
