// Pocketbit by itself: long prompts, a context of 2048, and the kinds no peer reads.
import { gaps, median, quantile } from '../../apps/bench/src/statistics.ts';
import type { Site } from '../../tests/support/serve.ts';
import { BenchBrowser, type Caller, openSettled } from './chromium.ts';
import { workloadOf } from './models.ts';

/** Medians over the requests after the first. Times in milliseconds, sizes in bytes. */
export interface Solo {
  readonly model: string;
  readonly browser: string;
  readonly promptTokens: number;
  /** From the server, with an empty storage. */
  readonly loadMs: number;
  readonly prefill: number;
  readonly decode: number;
  readonly firstTokenMs: number;
  /** Between tokens. */
  readonly p50: number;
  readonly p95: number;
  /** Peak of the renderer above a blank page; null where it was not taken. */
  readonly peakBytes: number | null;
}

export interface SoloOptions {
  readonly promptTokens: number;
  readonly decodeTokens: number;
  readonly contextLength: number;
  readonly rounds: number;
}

/** 512 tokens of prompt in a context of 2048. */
export const LONG: Omit<SoloOptions, 'rounds'> = {
  promptTokens: 512,
  decodeTokens: 64,
  contextLength: 2048,
};

/** In a fresh Chromium, whose peak is the model's. */
export async function soloInChromium(
  site: Site,
  model: string,
  options: SoloOptions,
  blank: number,
): Promise<Solo> {
  const browser = await BenchBrowser.launch(site);
  try {
    const { call } = await browser.stand('pocketbit');
    const solo = await soloOf(call, model, options);
    const peakBytes = (await browser.rendererPeak()) - blank;
    return { ...solo, browser: `Chromium ${browser.version}`, peakBytes };
  } finally {
    await browser.close();
  }
}

/** One load, one request to warm up, then those that count. */
export async function soloOf(
  call: Caller,
  model: string,
  { promptTokens, decodeTokens, contextLength, rounds }: SoloOptions,
): Promise<Omit<Solo, 'browser' | 'peakBytes'>> {
  const { url, prompts } = await workloadOf(model, { promptTokens, decodeTokens });
  const loadMs = await openSettled(call, url, { contextLength });
  await call('ask', prompts[0]!, decodeTokens);
  const answers = [];
  for (const prompt of prompts.slice(1, rounds + 1)) {
    answers.push(await call('ask', prompt, decodeTokens));
  }
  await call('close');
  const between = answers.flatMap(({ arrivals }) => gaps(arrivals));
  const rates = answers.map(({ arrivals }) => {
    const [first = Number.NaN, last = Number.NaN] = [arrivals[0], arrivals.at(-1)];
    return (arrivals.length - 1) / ((last - first) / 1000);
  });
  return {
    model,
    promptTokens,
    loadMs,
    prefill: median(answers.map(({ promptMs }) => promptTokens / (promptMs / 1000))),
    decode: median(rates),
    firstTokenMs: median(answers.map(({ arrivals }) => arrivals[0] ?? Number.NaN)),
    p50: quantile(between, 0.5),
    p95: quantile(between, 0.95),
  };
}
