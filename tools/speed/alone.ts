// Pocketbit by itself: long prompts, a context of 2048, and the kinds no peer reads.
import { gaps, quantile } from '@pocketbit/ui';
import type { Site } from '../../tests/support/serve.ts';
import type { Answer } from '../lab/contender.ts';
import { BenchBrowser, type Caller, openTimed } from './chromium.ts';
import { workloadOf } from './models.ts';
import { medianSample, type Sample, sampleOf } from './sample.ts';

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
    const solo = await soloOf(call, model, options, () => browser.rendererCpu());
    const peakBytes = (await browser.rendererPeak()) - blank;
    return { ...solo, browser: `Chromium ${browser.version}`, peakBytes };
  } finally {
    await browser.close();
  }
}

/** One load, one request to warm up, then those that count; disturbed ones by `cpu` time, where it can be told. */
export async function soloOf(
  call: Caller,
  model: string,
  { promptTokens, decodeTokens, contextLength, rounds }: SoloOptions,
  cpu?: () => Promise<number>,
): Promise<Omit<Solo, 'browser' | 'peakBytes'>> {
  const { url, prompts } = await workloadOf(model, { promptTokens, decodeTokens });
  const loadMs = await openTimed(call, url, { contextLength });
  await call('ask', prompts[0]!, decodeTokens);
  const answers: Answer[] = [];
  const samples: Sample[] = [];
  for (const prompt of prompts.slice(1, rounds + 1)) {
    const before = await cpu?.();
    const answer = await call('ask', prompt, decodeTokens);
    const after = await cpu?.();
    const cpuMs = after && before !== undefined ? after - before : answer.tokenTimes.at(-1)!;
    answers.push(answer);
    samples.push(sampleOf(answer, cpuMs));
  }
  await call('close');
  const between = answers.flatMap(({ tokenTimes }) => gaps(tokenTimes));
  const { prefill, decode, firstTokenMs } = medianSample(samples);
  return {
    model,
    promptTokens,
    loadMs,
    prefill,
    decode,
    firstTokenMs,
    p50: quantile(between, 0.5),
    p95: quantile(between, 0.95),
  };
}
