// Measures the model that is given to it, in the browser that shows the page.
import {
  type GenerateStats,
  type KernelProfile,
  type LoadOptions,
  load,
  type Model,
  PocketbitError,
} from 'pocketbit';
import { gaps, median, type Point, quantile } from './statistics.ts';
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

const ROUNDS = 3;
const PROMPT_TOKENS = 128;
const ANSWER_TOKENS = 64;
const GAPS = 32;
const LENGTHS = [16, 32, 64, 128, 256, 512, 1024];
const CONTEXTS = [128, 256, 512, 1024, 2048, 4000];
/** Near enough to a choice by lot that no answer ends soon. */
const TEMPERATURE = 4;

/** Loads the model and runs every measurement; rejects with `aborted` within a token of the signal. */
export async function measure(request: Request): Promise<Measurement> {
  const start = performance.now();
  let fromCache = false;
  const model = await loadWide(request, {
    signal: request.signal,
    onProgress(progress) {
      fromCache = progress.fromCache;
      const { loadedBytes, totalBytes, phase } = progress;
      const share = totalBytes ? loadedBytes / totalBytes : 0;
      request.report({ text: phase === 'download' ? 'Fetching the model' : 'Loading', share });
    },
  });
  const loadMs = performance.now() - start;
  try {
    const run = await Run.of(model, request);
    return { loadMs, fromCache, ...(await run.all()) };
  } finally {
    await model.close();
  }
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

  async all(): Promise<Omit<Measurement, 'loadMs' | 'fromCache'>> {
    const first = await this.#timed('First request');
    await this.#timed('Warming up');
    const later: Timed[] = [];
    while (later.length < ROUNDS) later.push(await this.#timed('Answering'));
    const between = later.flatMap(({ between }) => between);
    const prefill: Point[] = [];
    for (const length of this.#upTo(LENGTHS)) prefill.push(await this.#prompt(length));
    const decode: Point[] = [];
    for (const context of this.#upTo(CONTEXTS)) decode.push(await this.#token(context));
    return {
      model: this.#model.info,
      first: first.speed,
      speed: medians(later.map(({ speed }) => speed)),
      p50: quantile(between, 0.5),
      p95: quantile(between, 0.95),
      prefill,
      decode,
      kernels: await this.#model.profile().catch(() => null),
    };
  }

  /** A prompt of 128 tokens and an answer of 64. */
  async #timed(text: string): Promise<Timed> {
    this.#report(text);
    const tokens = Math.min(PROMPT_TOKENS, this.#room() / 2);
    const prompt = this.#texts.about(tokens, ++this.#seed);
    const { stats, firstMs, arrivals } = await this.#ask(prompt, ANSWER_TOKENS);
    const between = gaps(arrivals);
    return {
      between,
      speed: {
        promptTokens: stats.promptTokens,
        prefill: (stats.promptTokens - stats.cachedTokens) / (stats.promptMs / 1000),
        decode: 1000 / median(between),
        firstTokenMs: firstMs,
      },
    };
  }

  /** Time of a whole prompt: the faster of two. */
  async #prompt(length: number): Promise<Point> {
    this.#report(`A prompt of ${length} tokens`);
    const times: Point[] = [];
    while (times.length < 2) {
      const { stats } = await this.#ask(this.#texts.about(length, ++this.#seed), 1);
      const read = stats.promptTokens - stats.cachedTokens;
      times.push([stats.promptTokens, (stats.promptMs / read) * stats.promptTokens]);
    }
    return times.reduce((best, time) => (time[1] < best[1] ? time : best));
  }

  /** Time of a token behind a context: the lower quartile. */
  async #token(context: number): Promise<Point> {
    this.#report(`A token behind ${context} others`);
    const { stats, arrivals } = await this.#ask(this.#texts.about(context, 0), GAPS);
    return [stats.promptTokens, quantile(gaps(arrivals), 0.25)];
  }

  /** An answer of `tokens` tokens: greedy, and where the model ends that early, drawn without preference. */
  async #ask(prompt: string, tokens: number): Promise<Asked> {
    const greedy = await this.#once(prompt, tokens, 0);
    if (greedy.arrivals.length > tokens / 2) return greedy;
    const { arrivals } = await this.#once(prompt, tokens, TEMPERATURE);
    return { ...greedy, arrivals };
  }

  async #once(prompt: string, maxTokens: number, temperature: number): Promise<Asked> {
    const { signal } = this.#request;
    const options = { raw: true, maxTokens, temperature, seed: this.#seed, signal };
    const arrivals: number[] = [];
    const start = performance.now();
    const stream = this.#model.generate(prompt, options);
    for await (const { ids } of stream) {
      if (ids.length > 0) arrivals.push(performance.now() - start);
    }
    if (signal.aborted) throw new PocketbitError('aborted', 'The run was stopped.');
    const stats = stream.stats!;
    return { stats, firstMs: arrivals[0] ?? stats.firstTokenMs, arrivals };
  }

  #upTo(lengths: readonly number[]): number[] {
    return lengths.filter((length) => length <= this.#room());
  }

  /** Positions for prompts. */
  #room(): number {
    return (
      Math.min(this.#model.info.contextLength, this.#request.long ? 4096 : 1088) - ANSWER_TOKENS
    );
  }

  #report(text: string): void {
    const steps = 2 + ROUNDS + this.#upTo(LENGTHS).length + this.#upTo(CONTEXTS).length;
    this.#request.report({ text, share: this.#step++ / steps });
  }
}

interface Asked {
  /** Of the greedy try, which read the prompt. */
  readonly stats: GenerateStats;
  /** From its request to its first token. */
  readonly firstMs: number;
  readonly arrivals: readonly number[];
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
