import { Answer } from './answer.ts';
import type { Clock } from './clock.ts';
import { Context } from './context.ts';
import type { Engine } from './exports.ts';
import { writeAnswer } from './generate.ts';
import type { SizedPlan } from './memory.ts';
import type { SamplingOptions } from './options.ts';
import { Drift } from './pace.ts';
import type { AnswerTools } from './speaker.ts';

// The engine without text: logits and ids for commands, tests and tools.

/** Appends ids to the context, at most `slice` at a time. */
export function forward(engine: Engine, ids: ArrayLike<number>, slice = ids.length): Engine {
  const all = Uint32Array.from(ids);
  for (let at = 0; at < all.length; at += slice) engine.forward(all.subarray(at, at + slice));
  return engine;
}

/** Gives `to` the context of `from`, by its saved bytes; both are of the same model. */
export function copyContext(from: Engine, to: Engine): void {
  to.restoreContext(from.saveContext());
}

/** The logits `[vocab]` behind all of `ids` from an empty context. */
export function logitsAfter(engine: Engine, ids: ArrayLike<number>): Float32Array {
  engine.truncate(0);
  return forward(engine, ids).logits();
}

/** The logits `[vocab]` behind every id from an empty context, decoded one by one. */
export function logitsOfEach(engine: Engine, ids: ArrayLike<number>): Float32Array[] {
  engine.truncate(0);
  return Array.from(ids, (id) => forward(engine, [id]).logits());
}

const CLOCK: Clock = { now: () => 0, pause: async () => {}, sleep: async () => {} };
const SIGNAL = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };

/** Ids after `prompt` from an empty context by the sampler's options, until one of `stops` or `maxTokens` of them. */
export async function sampleIds(
  engine: Engine,
  plan: SizedPlan,
  prompt: readonly number[],
  stops: ReadonlySet<number>,
  options: SamplingOptions = {},
): Promise<number[]> {
  engine.truncate(0);
  const context = new Context(engine, plan.config.context, CLOCK);
  const speaker = { plan, context, text: idsAlone(stops), clock: CLOCK, drift: new Drift() };
  const answer = new Answer(speaker, options, prompt.length);
  const line = { chunk: () => {}, session: () => {}, signal: SIGNAL };
  const ids = [...prompt];
  const save = () => answer.save('');
  await writeAnswer(speaker, answer, { ids, line, started: 0, guard: undefined, save });
  return answer.ids;
}

/** Text tools that know no text. */
function idsAlone(stopIds: ReadonlySet<number>): AnswerTools {
  class NoFilter {
    push() {
      return { text: '', stopped: false };
    }
    flush() {
      return '';
    }
  }
  const stream = () => ({ push: () => '', flush: () => '' });
  return { tokenizer: { stopIds, stream }, chat: { stopStrings: [] }, StopFilter: NoFilter };
}
