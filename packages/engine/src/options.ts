import type { ChatMessage } from '@pocketbit/core';
import type { SamplerSettings } from './exports.ts';
import type { PaceReport, PowerMode } from './pace.ts';

export interface SamplingOptions {
  /** Most tokens to generate; default 512. */
  maxTokens?: number;
  /** 0 is greedy and the default, so the same prompt gives the same answer. */
  temperature?: number;
  /** 0 is off. */
  topK?: number;
  /** 1 is off. */
  topP?: number;
  /** 0 is off. */
  minP?: number;
  /** 1 is off; looks at the last 64 tokens. */
  repeatPenalty?: number;
  /** Seed of the sampler, 0 to 2^53 - 1; default 0. */
  seed?: number;
  /** The answer ends before the first of these strings. */
  stop?: string[];
  /** The prompt string is used as it is, without the chat template. */
  raw?: boolean;
  /**
   * When the context is full: `stop` (default) ends the answer with `context-full`; `slide` forgets the older half of
   * it, but for the prompt's first quarter of the context, and goes on.
   */
  overflow?: 'stop' | 'slide';
  /** Default `full`. It changes no token. */
  power?: PowerMode;
  /** The engine rests between tokens that would come faster. */
  maxTokensPerSecond?: number;
}

export interface GenerateRequest extends SamplingOptions {
  prompt: string | ChatMessage[];
}

export interface GenerateChunk {
  text: string;
  ids: number[];
}

export type StopReason = 'eos' | 'length' | 'stop' | 'aborted' | 'context-full';

/** Token counts, times in milliseconds. `cachedTokens` of the prompt were already in the KV cache. */
export interface GenerateStats {
  promptTokens: number;
  cachedTokens: number;
  generatedTokens: number;
  promptMs: number;
  firstTokenMs: number;
  decodeMs: number;
  tokensPerSecond: number;
  stopReason: StopReason;
  /** Where low power, or a rate, was asked for. */
  pace?: PaceReport;
}

export const DEFAULT_MAX_TOKENS = 512;

/** How far back the repeat penalty looks. */
const REPEAT_LAST = 64;

/** What the sampler is set to: greedy unless the options say otherwise. The text of a number counts as it. */
export function samplerSettings(options: SamplingOptions = {}): SamplerSettings {
  return {
    seed: Number(options.seed ?? 0),
    temperature: Number(options.temperature ?? 0),
    topK: Number(options.topK ?? 0),
    topP: Number(options.topP ?? 1),
    minP: Number(options.minP ?? 0),
    repeatPenalty: Number(options.repeatPenalty ?? 1),
    repeatLast: REPEAT_LAST,
  };
}
