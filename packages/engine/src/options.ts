import { type ChatMessage, isFlag, isOneOf, isText } from '@pocketbit/core';
import type { SamplerSettings } from './exports.ts';
import type { PaceReport, PowerMode } from './pace.ts';

/** How an answer is sampled, and when it ends. */
export interface SamplingOptions {
  /** Most tokens to generate; default 512. */
  maxTokens?: number;
  /** 0 is greedy and the default, so the same prompt gives the same answer. */
  temperature?: number;
  /** Sampling is among this many of the likeliest tokens; 0 (default) is off. */
  topK?: number;
  /** Sampling is among the likeliest tokens that together have this probability; 1 (default) is off. */
  topP?: number;
  /** Sampling is among tokens of at least this share of the likeliest one's probability; 0 (default) is off. */
  minP?: number;
  /** What logits of the last 64 tokens are divided by, or multiplied where negative; 1 (default) is off. */
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

/** A prompt and how it is answered. */
export interface GenerateRequest extends SamplingOptions {
  /** Messages, or a string that stands for one of the user's; a string as it is with `raw`. */
  prompt: string | ChatMessage[];
}

/** A part of an answer. */
export interface GenerateChunk {
  /** Whole characters; empty while one, or what may become a stop string, is incomplete. */
  text: string;
  /** The ids that were sampled since the chunk before. */
  ids: number[];
}

/**
 * Why an answer ended: the model's own end (`eos`), `maxTokens` (`length`), a stop string (`stop`), its caller (`aborted`),
 * or a full context.
 */
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

/** Where an answer without `maxTokens` ends, tokens. */
export const DEFAULT_MAX_TOKENS = 512;

/** Stop strings of one answer, and characters of them all. */
const MAX_STOPS = 1000;
const MAX_STOP_CHARACTERS = 2 ** 16;

/** A number, or its text, from 0 to `max`. */
const upTo = (max: number) => (value: unknown) =>
  (typeof value === 'number' || isText(value)) && Number(value) >= 0 && Number(value) <= max;

const upToAny = upTo(Number.POSITIVE_INFINITY);
const upToWhole = upTo(Number.MAX_SAFE_INTEGER);

/** What each option may be. */
const OPTIONS: { [K in keyof SamplingOptions]-?: (value: unknown) => boolean } = {
  maxTokens: upToAny,
  temperature: upToWhole,
  topK: upToWhole,
  topP: upTo(1),
  minP: upTo(1),
  repeatPenalty: upToWhole,
  seed: upToWhole,
  stop: isStops,
  raw: isFlag,
  overflow: isOneOf('stop', 'slide'),
  power: isOneOf('full', 'auto', 'low'),
  maxTokensPerSecond: (value) => upToAny(value) && Number(value) > 0,
};

function isStops(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_STOPS) return false;
  const stops: unknown[] = Array.from(value);
  return stops.every(isText) && stops.join('').length <= MAX_STOP_CHARACTERS;
}

/** The options of a record from outside, each read once; or the name of one that is out of its range. */
export function samplingOf(given: object): SamplingOptions | string {
  const options: Record<string, unknown> = {};
  for (const [name, allows] of Object.entries(OPTIONS)) {
    const value: unknown = Reflect.get(given, name);
    if (value === undefined || value === null) continue;
    if (!allows(value)) return name;
    options[name] = name === 'stop' ? [...(value as string[])] : value;
  }
  return options;
}

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
