import { BENCH_MODELS } from '../../tests/models/bench.ts';
import { cachedFamily } from '../../tests/models/files.ts';
import { lettersOf } from './prompts.ts';

/** What is asked of a model: one prompt a request, the same for every engine. */
export interface Workload {
  readonly model: string;
  readonly file: string;
  /** Address on the test site, relative to an engine's page. */
  readonly url: string;
  readonly promptTokens: number;
  readonly decodeTokens: number;
  /** Texts of exactly `promptTokens` tokens that share no first token. */
  readonly prompts: readonly string[];
}

export interface Counts {
  readonly promptTokens: number;
  readonly decodeTokens: number;
}

/** 128 and 64 tokens up to 125M, a quarter above: there @wllama/wllama needs half a second a token. */
export function countsOf(model: string): Counts {
  const small = /^(13m|125m)-/.test(model);
  return small ? { promptTokens: 128, decodeTokens: 64 } : { promptTokens: 32, decodeTokens: 16 };
}

/** The model's file, written on first use, and its prompts. Throws for a name that is none of the bench's. */
export async function workloadOf(model: string, counts = countsOf(model)): Promise<Workload> {
  const family = BENCH_MODELS[model];
  if (!family) {
    throw new Error(`no model ${model}; there are ${Object.keys(BENCH_MODELS).join(', ')}`);
  }
  const file = cachedFamily(family, 1);
  const url = `../files/${family.name}-1.gguf`;
  const prompts = await lettersOf(file, counts.promptTokens, MAX_PROMPTS);
  return { model, file, url, ...counts, prompts };
}

const MAX_PROMPTS = 20;
