import type { Answer } from './answer.ts';
import type { Signal } from './clock.ts';
import {
  DEFAULT_MAX_TOKENS,
  type GenerateChunk,
  type GenerateStats,
  type StopReason,
} from './options.ts';
import { Pace } from './pace.ts';
import type { SavedSession } from './session.ts';
import type { Speaker } from './speaker.ts';

/** Tokens after which the listener is given a point to go on from. */
const SAVE_EVERY = 16;

/** Who listens to an answer, and stops it. */
export interface Line {
  chunk(chunk: GenerateChunk): void;
  /** A point from which the answer goes on; before the first token, every 16 tokens and at the end. */
  session(session: SavedSession): void;
  readonly signal: Signal;
}

/** Told of the one step that may take a page down: the first prompt and token of a model. */
export interface FirstTokenGuard {
  before(): Promise<void>;
  after(): void;
}

/** What an answer starts from. */
interface Start {
  /** What the context is to hold before the next token. */
  readonly ids: number[];
  readonly line: Line;
  /** When the request came, milliseconds. */
  readonly started: number;
  readonly guard: FirstTokenGuard | undefined;
  /** The point that the answer is at. */
  save(): SavedSession;
}

/** Brings the context to `ids` and writes the answer from there to its end. */
export async function writeAnswer(
  model: Speaker,
  answer: Answer,
  { ids, line, started, guard, save }: Start,
): Promise<GenerateStats> {
  const { clock, context } = model;
  const { power = 'full', maxTokensPerSecond } = answer.options;
  const pace = new Pace(power, model.drift, clock, maxTokensPerSecond);
  const point = () => line.session(save());
  const loop = new DecodeLoop(model, answer, line, pace, point);
  const before = answer.ids.length;
  context.aim(ids);
  point();
  await guard?.before();
  const cachedTokens = await context.become(ids, line.signal);
  const prefilled = clock.now();
  let first = prefilled;
  answer.stopReason ??= line.signal.aborted
    ? 'aborted'
    : await loop.run(() => {
        first = clock.now();
        guard?.after();
      });
  point();
  const decodeMs = clock.now() - first;
  const report = pace.report();
  return {
    generatedTokens: answer.ids.length,
    stopReason: answer.stopReason,
    promptTokens: answer.promptTokens,
    cachedTokens,
    promptMs: prefilled - started,
    firstTokenMs: first - started,
    decodeMs,
    tokensPerSecond: speed(answer.ids.length - before, decodeMs),
    ...(report && { pace: report }),
  };
}

/** The one decode loop: sample, tell, append, until something ends the answer. */
class DecodeLoop {
  readonly #pace: Pace;
  readonly #model: Speaker;
  readonly #answer: Answer;
  readonly #line: Line;
  readonly #point: () => void;

  constructor(model: Speaker, answer: Answer, line: Line, pace: Pace, point: () => void) {
    this.#point = point;
    this.#model = model;
    this.#answer = answer;
    this.#line = line;
    this.#pace = pace;
  }

  async run(firstToken: () => void): Promise<StopReason> {
    const { context, text } = this.#model;
    const first = this.#answer.ids.length;
    for (;;) {
      const ended = await this.#advance();
      if (ended) return this.#end(ended);
      const id = context.engine.sample();
      if (this.#answer.ids.length === first) firstToken();
      if (text.tokenizer.stopIds.has(id)) return this.#end('eos');
      const part = this.#answer.take(id);
      this.#line.chunk({ text: part.text, ids: [id] });
      if (part.stopped) return 'stop';
      if (this.#answer.ids.length % SAVE_EVERY === 0) this.#point();
    }
  }

  /** Brings the last id into the context; or says why the answer ends before the next. */
  async #advance(): Promise<StopReason | null> {
    const { context } = this.#model;
    const { ids, options } = this.#answer;
    const { signal } = this.#line;
    const last = ids.at(-1);
    if (last !== undefined) await this.#pace.rest(context.lastMs, signal);
    if (signal.aborted) return 'aborted';
    if (ids.length >= (options.maxTokens ?? DEFAULT_MAX_TOKENS)) return 'length';
    if (last === undefined) return null;
    if (context.length === context.capacity) {
      if (options.overflow !== 'slide') return 'context-full';
      await context.shift(Math.min(this.#answer.promptTokens, context.capacity >> 2), signal);
      if (signal.aborted) return 'aborted';
    }
    context.append(last);
    return null;
  }

  /** What was held back is shown. */
  #end(reason: StopReason): StopReason {
    const rest = this.#answer.rest();
    if (rest) this.#line.chunk({ text: rest, ids: [] });
    return reason;
  }
}

/** Tokens per second after the first token; 0 for fewer than two. */
function speed(tokens: number, decodeMs: number): number {
  return tokens > 1 && decodeMs > 0 ? ((tokens - 1) / decodeMs) * 1000 : 0;
}
