import { median } from '@pocketbit/ui';
import type { Answer } from '../lab/contender.ts';

/** One request, as rates. */
export interface Sample {
  /** Prompt tokens per second, by the engine's own time. */
  readonly prefill: number;
  /** Tokens per second between the first and the last arrival at the page. */
  readonly decode: number;
  /** From the request to the first token's arrival, milliseconds. */
  readonly firstTokenMs: number;
  /** Share of a core that the engine's processes had while they worked; 1 when nothing disturbed them. */
  readonly share: number;
}

/** Below this share of a core a run counts as disturbed, and its rates are those per CPU second. */
export const UNDISTURBED = 0.85;
/** A shorter request tells nothing of its share: an engine's own waiting for messages is a part of its speed. */
const LONG_MS = 250;

/** The sample of a request that took the engine's processes `cpuMs`. Throws where part of the prompt was cached. */
export function sampleOf(answer: Answer, cpuMs: number): Sample {
  const { promptTokens, cachedTokens, promptMs, tokenTimes } = answer;
  if (cachedTokens > 0) throw new Error(`${cachedTokens} tokens of the prompt were cached`);
  const [first = Number.NaN, last = Number.NaN] = [tokenTimes[0], tokenTimes.at(-1)];
  const share = cpuMs / last;
  const clock = share < UNDISTURBED && last >= LONG_MS ? share : 1;
  return {
    prefill: promptTokens / ((promptMs / 1000) * clock),
    decode: (tokenTimes.length - 1) / (((last - first) / 1000) * clock),
    firstTokenMs: first * clock,
    share,
  };
}

/** The median of each rate. */
export function medianSample(samples: readonly Sample[]): Sample {
  const of = (rate: keyof Sample) => median(samples.map((sample) => sample[rate]));
  return {
    prefill: of('prefill'),
    decode: of('decode'),
    firstTokenMs: of('firstTokenMs'),
    share: of('share'),
  };
}
