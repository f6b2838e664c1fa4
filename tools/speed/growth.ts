// How cost grows: a token's time with the context before it, a prompt's time with its length.
import { type Point, quietGap } from '@pocketbit/ui';
import type { Site } from '../../tests/support/serve.ts';
import { BenchBrowser, openTimed, type Stand } from './chromium.ts';
import { workloadOf } from './models.ts';

/** Milliseconds of a token behind a context, and of prompts, by tokens. */
export interface Growth {
  readonly model: string;
  readonly decode: readonly Point[];
  readonly prefill: readonly Point[];
}

const CONTEXTS = [128, 256, 512, 1024, 2048, 4064];
const PROMPTS = [16, 32, 64, 128, 256, 512, 1024];
const ANSWER_TOKENS = 32;
const CAPACITY = 4096;

/** Measures both curves, by the faster times: what disturbs a machine only adds. */
export async function growthOf(site: Site, model: string, rounds: number): Promise<Growth> {
  const browser = await BenchBrowser.launch(site);
  try {
    const stand = await browser.stand('pocketbit');
    const longest = await workloadOf(model, { promptTokens: CONTEXTS.at(-1)!, decodeTokens: 1 });
    await openTimed(stand.call, longest.url, { contextLength: CAPACITY });
    await stand.call('ask', longest.prompts[1]!.slice(0, 200), 128);
    const prefill: Point[] = [];
    for (const length of PROMPTS)
      prefill.push([length, await prefillMs(stand, model, length, rounds)]);
    const decode: Point[] = [];
    for (const context of CONTEXTS) {
      decode.push(await decodePoint(stand, longest.prompts[0]!, context));
    }
    return { model, decode, prefill };
  } finally {
    await browser.close();
  }
}

async function prefillMs(
  stand: Stand,
  model: string,
  length: number,
  rounds: number,
): Promise<number> {
  const { prompts } = await workloadOf(model, { promptTokens: length, decodeTokens: 1 });
  const times: number[] = [];
  for (const prompt of prompts.slice(0, rounds + 1)) {
    const { promptMs, cachedTokens } = await stand.call('ask', prompt, 1);
    times.push((promptMs * length) / (length - cachedTokens));
  }
  return Math.min(...times.slice(1));
}

/** About `context` tokens of the long text, then an answer: the time between its tokens. */
async function decodePoint(stand: Stand, text: string, context: number): Promise<Point> {
  const prompt = text.slice(0, Math.floor((text.length * context) / CONTEXTS.at(-1)!));
  const { promptTokens, tokenTimes } = await stand.call('ask', prompt, ANSWER_TOKENS);
  return [promptTokens, quietGap(tokenTimes)];
}
