import type { Chat, ModelPlan, StopFilter, Tokenizer } from '@pocketbit/core';
import type { CrashMarker } from '../coordination/crash-marker.ts';
import type {
  GenerateEvent,
  GenerateRequest,
  GenerateStats,
  ModelInfo,
  StopReason,
} from '../protocol.ts';
import { checkSession, type SavedSession } from '../session/format.ts';
import { Answer } from './answer.ts';
import type { Choice } from './choice.ts';
import type { Context } from './context.ts';
import { sizeOf } from './fit.ts';
import { type Drift, Pace } from './pace.ts';

const DEFAULT_MAX_TOKENS = 512;
/** Tokens after which the page is given a point to go on from. */
const SAVE_EVERY = 16;

/** What a loaded model consists of. */
export interface LoadedModel {
  info: ModelInfo;
  context: Context;
  tokenizer: Tokenizer;
  chat: Chat;
  /** From the chunk of the text. */
  StopFilter: typeof StopFilter;
  plan: ModelPlan;
  choice: Choice;
  drift: Drift;
  marker: CrashMarker;
  /** Whether a token was made; before that, the page may still be killed for the memory it takes. */
  proven: boolean;
  /** The running answer, or the last one. */
  answer: Answer | null;
}

/** How an answer reaches the page, and how the page stops it. */
export interface Line {
  send(event: GenerateEvent): void;
  signal: AbortSignal;
}

/** One answer: prompt to ids to tokens to text. Stops between tokens when aborted. */
export async function generate(
  model: LoadedModel,
  { prompt, ...options }: GenerateRequest,
  line: Line,
): Promise<GenerateStats> {
  const started = performance.now();
  const ids = encodePrompt(model, prompt, options.raw);
  model.context.aim(ids);
  const answer = new Answer(model, options, ids.length);
  return run(model, answer, ids, line, started);
}

/** Goes on with a saved answer; what it had become is sent first. Errors: `integrity`, `unsupported`, `context-full`. */
export async function restore(
  model: LoadedModel,
  value: SavedSession,
  line: Line,
): Promise<GenerateStats> {
  const started = performance.now();
  const saved = checkSession(value, model.info.key);
  const ids = [...saved.ids];
  model.context.aim(ids);
  const { answer, text } = Answer.restore(model, saved);
  line.send({ type: 'chunk', chunk: { text, ids: [...saved.answer] } });
  if (saved.context) model.context.restore(saved.context);
  return run(model, answer, ids, line, started);
}

/** The ids of a prompt: messages and plain strings go through the chat template, raw strings do not. */
function encodePrompt(
  { chat, tokenizer }: LoadedModel,
  prompt: GenerateRequest['prompt'],
  raw: boolean | undefined,
): number[] {
  if (typeof prompt === 'string' && raw) {
    return tokenizer.encode(prompt, { addSpecial: true, parseSpecial: true });
  }
  return chat.encode(typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt);
}

/** Brings the context to `ids` and writes the answer from there to its end. */
async function run(
  model: LoadedModel,
  answer: Answer,
  ids: number[],
  line: Line,
  started: number,
): Promise<GenerateStats> {
  model.answer = answer;
  const before = answer.ids.length;
  const pace = new Pace(
    answer.options.power ?? 'full',
    model.drift,
    answer.options.maxTokensPerSecond,
  );
  keep(answer, line);
  if (!model.proven) await model.marker.set('generate', sizeOf(model.plan));
  const cachedTokens = await model.context.become(ids, line.signal);
  const prefilled = performance.now();
  const clock = { first: prefilled };
  answer.stopReason ??= line.signal.aborted
    ? 'aborted'
    : await decode(model, answer, line, pace, clock);
  keep(answer, line);
  const decodeMs = performance.now() - clock.first;
  const report = pace.report();
  return {
    generatedTokens: answer.ids.length,
    stopReason: answer.stopReason,
    promptTokens: answer.promptTokens,
    cachedTokens,
    promptMs: prefilled - started,
    firstTokenMs: clock.first - started,
    decodeMs,
    tokensPerSecond: speed(answer.ids.length - before, decodeMs),
    ...(report && { pace: report }),
  };
}

/** The first token is there: what was risky is over. */
function prove(model: LoadedModel): void {
  if (model.proven) return;
  model.proven = true;
  model.marker.survived().catch(() => {});
}

function keep(answer: Answer, { send }: Line): void {
  send({ type: 'session', session: answer.save() });
}

async function decode(
  model: LoadedModel,
  answer: Answer,
  line: Line,
  pace: Pace,
  clock: { first: number },
): Promise<StopReason> {
  const { context, tokenizer } = model;
  const emit = (text: string, ids: number[]) => line.send({ type: 'chunk', chunk: { text, ids } });
  const end = (reason: StopReason) => {
    const rest = answer.rest();
    if (rest) emit(rest, []);
    return reason;
  };
  const first = answer.ids.length;
  for (;;) {
    const ended = await advance(model, answer, line.signal, pace);
    if (ended) return end(ended);
    const id = context.engine.sample();
    prove(model);
    if (answer.ids.length === first) clock.first = performance.now();
    if (tokenizer.stopIds.has(id)) return end('eos');
    const { text, stopped } = answer.take(id);
    emit(text, [id]);
    if (stopped) return 'stop';
    if (answer.ids.length % SAVE_EVERY === 0) keep(answer, line);
  }
}

/** Brings the last id into the context; or says why the answer ends before the next. */
async function advance(
  { context }: LoadedModel,
  { ids, options, promptTokens }: Answer,
  signal: AbortSignal,
  pace: Pace,
): Promise<StopReason | null> {
  const last = ids.at(-1);
  if (last !== undefined) await pace.rest(context.lastMs, signal);
  if (signal.aborted) return 'aborted';
  if (ids.length >= (options.maxTokens ?? DEFAULT_MAX_TOKENS)) return 'length';
  if (last === undefined) return null;
  if (context.length === context.capacity) {
    if (options.overflow !== 'slide') return 'context-full';
    await context.slide(Math.min(promptTokens, context.capacity >> 2), signal);
    if (signal.aborted) return 'aborted';
  }
  context.append(last);
  return null;
}

/** Tokens per second after the first token; 0 for fewer than two. */
function speed(tokens: number, decodeMs: number): number {
  return tokens > 1 && decodeMs > 0 ? ((tokens - 1) / decodeMs) * 1000 : 0;
}
