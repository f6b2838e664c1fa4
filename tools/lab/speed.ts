// Times of whole requests through the public API, as a page sees them.
import { type GenerateStats, load, type Model } from 'pocketbit';
import type { Artifact } from '../lib/engine.ts';

export interface SpeedRequest {
  readonly model: string;
  readonly artifacts: readonly Artifact[];
  /** Raw prompts that share no prefix, used in turn. */
  readonly prompts: readonly string[];
  /** Raw prompt whose answer is long. */
  readonly decodePrompt: string;
  readonly decodeTokens: number;
  /** Rounds before those that count: the engine's optimising tier must have taken over. */
  readonly warmUps: number;
  readonly rounds: number;
}

/** One round of one artifact. */
export interface SpeedSample {
  readonly artifact: Artifact;
  /** Prompt tokens per second. */
  readonly prefill: number;
  /** Tokens per second after the first. */
  readonly decode: number;
}

/** Interleaves the artifacts, so that whatever disturbs the machine disturbs all of them. */
export async function measureSpeed(request: SpeedRequest): Promise<SpeedSample[]> {
  const models: [Artifact, Model][] = [];
  for (const artifact of request.artifacts)
    models.push([artifact, await load(request.model, { artifact })]);
  const samples: SpeedSample[] = [];
  for (let round = 0; round < request.warmUps + request.rounds; round++) {
    for (const [artifact, model] of models) {
      const sample = await sampleOf(artifact, model, request, round);
      if (round >= request.warmUps) samples.push(sample);
    }
  }
  for (const [, model] of models) await model.close();
  return samples;
}

async function sampleOf(
  artifact: Artifact,
  model: Model,
  request: SpeedRequest,
  round: number,
): Promise<SpeedSample> {
  const prompt = request.prompts[round % request.prompts.length]!;
  const first = await statsOf(model, prompt, 1);
  if (first.cachedTokens > 0)
    throw new Error(`${first.cachedTokens} tokens of the prompt were cached`);
  const second = await statsOf(model, request.decodePrompt, request.decodeTokens);
  if (second.generatedTokens < request.decodeTokens / 2) {
    throw new Error(`the answer ended after ${second.generatedTokens} tokens; too few to time`);
  }
  return {
    artifact,
    prefill: (first.promptTokens / first.promptMs) * 1000,
    decode: second.tokensPerSecond,
  };
}

async function statsOf(model: Model, prompt: string, maxTokens: number): Promise<GenerateStats> {
  return (await model.generate(prompt, { raw: true, maxTokens }).result).stats;
}

/** Milliseconds from the call of `generate` to the first chunk, one for each prompt; the first `warmUps` left out. */
export async function firstTokenTimes(
  model: Model,
  prompts: readonly string[],
  warmUps: number,
): Promise<number[]> {
  const times: number[] = [];
  for (const prompt of prompts) {
    const start = performance.now();
    const stream = model.generate(prompt, { raw: true, maxTokens: 1 });
    for await (const _ of stream) times.push(performance.now() - start);
    if (stream.stats?.cachedTokens !== 0) throw new Error('a part of the prompt was cached');
  }
  return times.slice(warmUps);
}
