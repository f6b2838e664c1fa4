import { isListOf, isRecordOf, isText, PocketbitError } from '@pocketbit/core';
import { Answer } from './answer.ts';
import type { Clock, Stop } from './clock.ts';
import { Context } from './context.ts';
import type { Engine } from './exports.ts';
import { type FirstTokenGuard, type Line, writeAnswer } from './generate.ts';
import { type TensorKernels, tensorKernels } from './kernels.ts';
import type { SizedPlan } from './memory.ts';
import { type GenerateRequest, type GenerateStats, samplingOf } from './options.ts';
import { Drift } from './pace.ts';
import { checkSession, damaged, type SavedSession } from './session.ts';
import type { Speaker, TextTools } from './speaker.ts';
import { warmUp } from './warm-up.ts';

/** What a model is made of. */
export interface TextModelParts {
  readonly engine: Engine;
  readonly plan: SizedPlan;
  readonly text: TextTools;
  readonly clock: Clock;
  /** Whose saved sessions go on here: the hashes of the model's files, KV and head format. */
  readonly key: string;
  readonly guard?: FirstTokenGuard | undefined;
}

/** A loaded model that answers prompts, one at a time. */
export class TextModel implements Speaker {
  readonly plan: SizedPlan;
  readonly text: TextTools;
  readonly clock: Clock;
  readonly context: Context;
  readonly drift = new Drift();
  readonly #engine: Engine;
  readonly #key: string;
  #guard: FirstTokenGuard | undefined;
  /** The running answer, or the last one. */
  #answer: Answer | null = null;

  constructor({ engine, plan, text, clock, key, guard }: TextModelParts) {
    this.plan = plan;
    this.text = text;
    this.clock = clock;
    this.context = new Context(engine, plan.config.context, clock);
    this.#engine = engine;
    this.#key = key;
    this.#guard = guard;
  }

  /** One answer: prompt to ids to tokens to text. Stops between tokens when aborted. Errors: `context-full`. */
  async generate({ prompt, ...given }: GenerateRequest, line: Line): Promise<GenerateStats> {
    const started = this.clock.now();
    const options = samplingOf(given);
    if (typeof options === 'string') throw refused(`The option "${options}" is out of its range`);
    const ids = this.#encode(prompt, options.raw);
    this.context.checkRoom(ids.length);
    return this.#write(new Answer(this, options, ids.length), ids, line, started);
  }

  /** Goes on with a saved answer; what it had become is sent first. Errors: `integrity`, `unsupported`, `context-full`. */
  async restore(value: unknown, line: Line): Promise<GenerateStats> {
    const started = this.clock.now();
    const saved = checkSession(value, this.#key, this.plan.config.vocab);
    const ids = [...saved.ids];
    this.context.checkRoom(ids.length);
    this.#checkContext(saved);
    this.#answer = null;
    const { answer, text } = Answer.restore(this, saved);
    line.chunk({ text, ids: [...saved.answer] });
    if (saved.context) this.context.restore(saved.context);
    return this.#write(answer, ids, line, started);
  }

  /** The point from which the answer goes on; null before the first. Keys and values as far as they take `contextBytes`. */
  save(contextBytes = 0): SavedSession | null {
    return this.#answer?.save(this.#key, contextBytes) ?? null;
  }

  /** The logits after `ids`, `[vocab]`. No answer goes on from there. */
  async logits(ids: readonly number[], stop: Stop): Promise<Float32Array> {
    this.#answer = null;
    await this.context.become(ids, stop);
    return this.#engine.logits();
  }

  kernels(): TensorKernels[] {
    return tensorKernels(this.plan, this.#engine);
  }

  /** Runs the engine warm while `idle`. The context stays as it is. */
  warmUp(idle: () => boolean): Promise<void> {
    return warmUp(this.context, this.clock, idle);
  }

  free(): void {
    this.#engine.free();
  }

  async #write(answer: Answer, ids: number[], line: Line, started: number) {
    this.#answer = answer;
    const first = this.#guard;
    const guard = first && {
      before: () => first.before(),
      after: () => {
        this.#guard = undefined;
        first.after();
      },
    };
    const save = () => answer.save(this.#key);
    return writeAnswer(this, answer, { ids, line, started, guard, save });
  }

  /** Refuses more bytes than the ids can have before the engine takes them in. */
  #checkContext({ context, ids }: SavedSession): void {
    const { kvBytes, config } = this.plan;
    const most = 1024 + ids.length * (4 + kvBytes / config.context);
    if (context && context.length > most) throw damaged(`its context has ${context.length} bytes`);
  }

  /** The ids of a prompt: messages and plain strings go through the chat template, raw strings do not. */
  #encode(prompt: GenerateRequest['prompt'], raw: boolean | undefined): number[] {
    const messages = isText(prompt) ? [{ role: 'user' as const, content: prompt }] : prompt;
    if (!isMessages(messages)) throw refused('The prompt is neither a text nor a list of messages');
    this.context.checkTexts(messages);
    if (isText(prompt) && raw) {
      return this.text.tokenizer.encode(prompt, { addSpecial: true, parseSpecial: true });
    }
    return this.text.chat.encode(messages);
  }
}

const isMessages = isListOf(
  isRecordOf<{ role: string; content: string }>({ role: isText, content: isText }),
);

function refused(found: string): PocketbitError {
  return new PocketbitError('unsupported', `${found}. Its type says what it may be.`);
}
