import type { StopFilter, StreamDecoder } from '@pocketbit/core';
import type { SamplingOptions, StopReason } from '../protocol.ts';
import type { SavedSession } from '../session/format.ts';
import type { LoadedModel } from './session.ts';

/** How far back the repeat penalty looks. */
const REPEAT_LAST_N = 64;

/** An answer being written: its ids, the text they have become, and the point from which it can go on. */
export class Answer {
  readonly promptTokens: number;
  readonly options: SamplingOptions;
  readonly ids: number[] = [];
  stopReason: StopReason | null = null;
  readonly #model: LoadedModel;
  readonly #text: StreamDecoder;
  readonly #filter: StopFilter;

  constructor(model: LoadedModel, options: SamplingOptions, promptTokens: number) {
    this.#model = model;
    this.options = options;
    this.promptTokens = promptTokens;
    this.#text = model.tokenizer.stream();
    const own = options.raw ? [] : model.chat.stopStrings;
    this.#filter = new model.StopFilter([...(options.stop ?? []), ...own]);
    model.context.engine.setSampler(samplerOptions(options));
  }

  /** The answer where it was saved, and the text it had become. */
  static restore(model: LoadedModel, saved: SavedSession): { answer: Answer; text: string } {
    const answer = new Answer(model, saved.options, saved.promptTokens);
    const text = Array.from(saved.answer, (id) => answer.take(id).text).join('');
    model.context.engine.restoreSampler(...saved.random);
    const ended = saved.stopReason !== null && saved.stopReason !== 'stop';
    answer.stopReason = saved.stopReason;
    return { answer, text: ended ? text + answer.rest() : text };
  }

  /** Adds an id: the text that is safe to show, and whether a stop string was reached. */
  take(id: number): { text: string; stopped: boolean } {
    this.ids.push(id);
    return this.#filter.push(this.#text.push(id));
  }

  /** What was held back, once no more ids come. */
  rest(): string {
    return this.#filter.push(this.#text.flush()).text + this.#filter.flush();
  }

  save(contextBytes = 0): SavedSession {
    const { context, info, plan } = this.#model;
    const needed = (plan.kvBytes / context.capacity) * context.length;
    const [low = 0, high = 0] = context.engine.samplerState();
    return {
      version: 1,
      model: info.key,
      ids: Uint32Array.from(context.goal),
      promptTokens: this.promptTokens,
      answer: Uint32Array.from(this.ids),
      options: this.options,
      random: [low, high],
      grammar: null,
      stopReason: this.stopReason,
      context: needed <= contextBytes ? context.save() : null,
    };
  }
}

function samplerOptions(options: SamplingOptions): Float64Array {
  return Float64Array.of(
    options.seed ?? 0,
    options.temperature ?? 0,
    options.topK ?? 0,
    options.topP ?? 1,
    options.minP ?? 0,
    options.repeatPenalty ?? 1,
    REPEAT_LAST_N,
  );
}
