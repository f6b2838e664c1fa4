import type { StreamDecoder } from '@pocketbit/core';
import { type SamplingOptions, type StopReason, samplerSettings } from './options.ts';
import type { SavedSession } from './session.ts';
import type { AnswerTools, Speaker } from './speaker.ts';

/** An answer being written: its ids, the text they have become, and the point from which it can go on. */
export class Answer {
  readonly promptTokens: number;
  readonly options: SamplingOptions;
  readonly ids: number[] = [];
  stopReason: StopReason | null = null;
  readonly #model: Speaker;
  readonly #text: StreamDecoder;
  readonly #filter: InstanceType<AnswerTools['StopFilter']>;

  constructor(model: Speaker, options: SamplingOptions, promptTokens: number) {
    this.#model = model;
    this.options = options;
    this.promptTokens = promptTokens;
    const { text } = model;
    this.#text = text.tokenizer.stream();
    const own = options.raw ? [] : text.chat.stopStrings;
    this.#filter = new text.StopFilter([...(options.stop ?? []), ...own]);
    model.context.engine.setSampler(samplerSettings(options));
  }

  /** The answer where it was saved, and the text it had become. */
  static restore(model: Speaker, saved: SavedSession): { answer: Answer; text: string } {
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

  /** The point from which the answer goes on in a model of this key; keys and values if they take at most `contextBytes`. */
  save(key: string, contextBytes = 0): SavedSession {
    const { context, plan } = this.#model;
    const needed = (plan.kvBytes / context.capacity) * context.length;
    const [low = 0, high = 0] = context.engine.samplerState();
    return {
      version: 1,
      model: key,
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
