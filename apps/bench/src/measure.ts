// Measures the model that is given to it, in the browser that shows the page.

import { gaps, median, type Point, quantile } from '@pocketbit/ui';
import {
  type GenerateStats,
  type KernelProfile,
  type LoadOptions,
  load,
  type Model,
  PocketbitError,
} from 'pocketbit';
import { Texts } from './texts.ts';

/** Times in milliseconds, rates in tokens a second. */
export interface Speed {
  readonly promptTokens: number;
  readonly prefill: number;
  readonly decode: number;
  readonly firstTokenMs: number;
}

export interface Measurement {
  readonly model: Model['info'];
  readonly loadMs: number;
  /** Whether the file was stored already. */
  readonly fromCache: boolean;
  /** The second load, from what the first stored. */
  readonly reloadMs: number;
  /** The first request after the load, while the browser still runs its baseline code. */
  readonly first: Speed;
  /** Medians of the later ones. */
  readonly speed: Speed;
  /** Between the tokens of those. */
  readonly p50: number;
  readonly p95: number;
  readonly decode: readonly Point[];
  readonly prefill: readonly Point[];
  readonly kernels: KernelProfile | null;
}

export interface Progress {
  readonly text: string;
  /** 0 to 1. */
  readonly share: number;
}

export interface Request {
  readonly source: string | Blob;
  /** Up to 4096 tokens of context; else up to 1024. */
  readonly long: boolean;
  readonly signal: AbortSignal;
  report(progress: Progress): void;
}

const MIN_ROUNDS = 3;
const MAX_ROUNDS = 20;
/** A small model answers so often that the figures are steady. */
const MIN_MS = 2000;
/** After a load the worker warms the engine up and times its kernels, as long as nobody asks for anything. */
const WARM_UP_MS = 1000;
const PROMPT_TOKENS = 128;
const ANSWER_TOKENS = 64;
const LENGTHS = [16, 32, 64, 128, 256, 512, 1024];
const CONTEXTS = [32, 64, 128, 256, 512, 1024, 2048];
const SHORT_MS = 250;
/** Near enough to a choice by lot that no answer ends soon. */
const TEMPERATURE = 4;

/**
 * Loads the model, asks it once, loads it again with the kernels that were found fastest, and runs every measurement.
 * Rejects with `aborted` within a token of the signal.
 */
export async function measure(request: Request): Promise<Measurement> {
  const cold = await timedLoad(request, request.source);
  const source = cold.model.info.source ?? request.source;
  const first = await closing(cold.model, async (model) => {
    const run = await Run.of(model, request);
    const { speed } = await run.timed('First request');
    await warmUp(request);
    return speed;
  });
  const warm = await timedLoad(request, source);
  return closing(warm.model, async (model) => {
    await warmUp(request);
    const run = await Run.of(model, request);
    return {
      model: model.info,
      loadMs: cold.ms,
      fromCache: cold.fromCache,
      reloadMs: warm.ms,
      first,
      ...(await run.all()),
      kernels: await model.profile().catch(() => null),
    };
  });
}

async function timedLoad(request: Request, source: string | Blob) {
  const start = performance.now();
  let fromCache = false;
  const model = await loadWide(
    { ...request, source },
    {
      signal: request.signal,
      onProgress(progress) {
        fromCache = progress.fromCache;
        const { loadedBytes, totalBytes, phase } = progress;
        const share = totalBytes ? loadedBytes / totalBytes : 0;
        request.report({ text: phase === 'download' ? 'Fetching the model' : 'Loading', share });
      },
    },
  );
  return { model, fromCache, ms: performance.now() - start };
}

async function closing<T>(model: Model, work: (model: Model) => Promise<T>): Promise<T> {
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

async function warmUp({ report }: Request): Promise<void> {
  report({ text: 'Choosing kernels', share: 0 });
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
}

/** With a context of 4096 where a long run asks for it and the model has it. */
async function loadWide({ source, long }: Request, options: LoadOptions): Promise<Model> {
  if (!long) return load(source, options);
  try {
    return await load(source, { ...options, contextLength: 4096 });
  } catch (error) {
    if (PocketbitError.from(error).code !== 'unsupported') throw error;
    return load(source, options);
  }
}

/** One model's measurements, in order. */
class Run {
  readonly #model: Model;
  readonly #request: Request;
  readonly #texts: Texts;
  #step = 0;
  #seed = 0;

  private constructor(model: Model, request: Request, texts: Texts) {
    this.#model = model;
    this.#request = request;
    this.#texts = texts;
  }

  static async of(model: Model, request: Request): Promise<Run> {
    return new Run(model, request, await Texts.of(model));
  }

  async all(): Promise<Pick<Measurement, 'speed' | 'p50' | 'p95' | 'prefill' | 'decode'>> {
    await this.timed('Warming up');
    const later = await this.#rounds();
    const between = later.flatMap(({ between }) => between);
    const prefill: Point[] = [];
    for (const length of upTo(LENGTHS, this.#room())) prefill.push(await this.#prompt(length));
    const decode: Point[] = [];
    for (const context of upTo(CONTEXTS, this.#room())) decode.push(await this.#token(context));
    return {
      speed: medians(later.map(({ speed }) => speed)),
      p50: quantile(between, 0.5),
      p95: quantile(between, 0.95),
      prefill,
      decode,
    };
  }

  async #rounds(): Promise<Timed[]> {
    const start = performance.now();
    const done: Timed[] = [];
    while (done.length < MIN_ROUNDS || performance.now() - start < MIN_MS) {
      if (done.length === MAX_ROUNDS) break;
      done.push(await this.timed('Answering'));
    }
    return done;
  }

  /** A prompt of 128 tokens and an answer of 64. */
  async timed(text: string): Promise<Timed> {
    this.#report(text);
    const tokens = Math.min(PROMPT_TOKENS, this.#room() / 2);
    const prompt = this.#texts.about(tokens, ++this.#seed);
    const { stats, firstMs, tokenMs, times } = await this.#ask(prompt, ANSWER_TOKENS);
    const between = gaps(times);
    return {
      between,
      speed: {
        promptTokens: stats.promptTokens,
        prefill: (stats.promptTokens - stats.cachedTokens) / (stats.promptMs / 1000),
        decode: 1000 / tokenMs,
        firstTokenMs: firstMs,
      },
    };
  }

  /** Time of a whole prompt. */
  #prompt(length: number): Promise<Point> {
    this.#report(`A prompt of ${length} tokens`);
    return fastest(async () => {
      const { stats } = await this.#ask(this.#texts.about(length, ++this.#seed), 1);
      const read = stats.promptTokens - stats.cachedTokens;
      return [stats.promptTokens, (stats.promptMs / read) * stats.promptTokens];
    });
  }

  /** Time of a token behind a context. */
  #token(context: number): Promise<Point> {
    this.#report(`A token behind ${context} others`);
    return fastest(async () => {
      const { stats, tokenMs } = await this.#ask(this.#texts.about(context, 0), ANSWER_TOKENS);
      return [stats.promptTokens, tokenMs];
    });
  }

  /** An answer of `tokens` tokens: greedy, and where the model ends that early, drawn without preference. */
  async #ask(prompt: string, tokens: number): Promise<Asked> {
    const greedy = await this.#once(prompt, tokens, 0);
    if (greedy.times.length > tokens / 2) return greedy;
    const { times, tokenMs } = await this.#once(prompt, tokens, TEMPERATURE);
    return { ...greedy, times, tokenMs };
  }

  async #once(prompt: string, maxTokens: number, temperature: number): Promise<Asked> {
    const { signal } = this.#request;
    const options = { raw: true, maxTokens, temperature, seed: this.#seed, signal };
    const times: number[] = [];
    const start = performance.now();
    const stream = this.#model.generate(prompt, options);
    for await (const { ids } of stream) {
      if (ids.length > 0) times.push(performance.now() - start);
    }
    if (signal.aborted) throw new PocketbitError('aborted', 'The run was stopped.');
    const stats = stream.stats!;
    return {
      stats,
      firstMs: times[0] ?? stats.firstTokenMs,
      tokenMs: 1000 / stats.tokensPerSecond,
      times,
    };
  }

  /** Positions for prompts. */
  #room(): number {
    return (
      Math.min(this.#model.info.contextLength, this.#request.long ? 4096 : 1088) - ANSWER_TOKENS
    );
  }

  #report(text: string): void {
    const curves = upTo(LENGTHS, this.#room()).length + upTo(CONTEXTS, this.#room()).length;
    const share = Math.min(1, this.#step++ / (1 + MIN_ROUNDS + curves));
    this.#request.report({ text, share });
  }
}

/** What disturbs a machine only adds: the fastest of two tries, and of up to eight as long as they are short. */
async function fastest(time: () => Promise<Point>): Promise<Point> {
  const start = performance.now();
  const tries = [await time(), await time()];
  while (tries.length < 8 && performance.now() - start < SHORT_MS) tries.push(await time());
  return tries.reduce((best, other) => (other[1] < best[1] ? other : best));
}

/** Those that fit, and the room itself where it is well beyond the last of them. */
function upTo(lengths: readonly number[], room: number): number[] {
  const fitting = lengths.filter((length) => length <= room);
  return room > (fitting.at(-1) ?? 0) * 1.25 ? [...fitting, room] : fitting;
}

interface Asked {
  /** Of the greedy try, which read the prompt. */
  readonly stats: GenerateStats;
  /** From its request to its first token. */
  readonly firstMs: number;
  /** A token's time by the worker's clock: a page takes several messages of a fast model at once. */
  readonly tokenMs: number;
  readonly times: readonly number[];
}

interface Timed {
  readonly speed: Speed;
  readonly between: readonly number[];
}

function medians(speeds: readonly Speed[]): Speed {
  const of = (name: keyof Speed) => median(speeds.map((speed) => speed[name]));
  return {
    promptTokens: of('promptTokens'),
    prefill: of('prefill'),
    decode: of('decode'),
    firstTokenMs: of('firstTokenMs'),
  };
}
