import { type Chat, type ModelPlan, StopFilter, type Tokenizer } from '@pocketbit/core';
import type {
  GenerateChunk,
  GenerateRequest,
  GenerateStats,
  ModelInfo,
  StopReason,
} from '../protocol.ts';
import type { Choice } from './choice.ts';
import type { Context } from './context.ts';
import { pause } from './pause.ts';

const DEFAULT_MAX_TOKENS = 512;
const REPEAT_LAST_N = 64;

/** What a loaded model consists of. */
export interface LoadedModel {
  info: ModelInfo;
  context: Context;
  tokenizer: Tokenizer;
  chat: Chat;
  plan: ModelPlan;
  choice: Choice;
}

type Emit = (chunk: GenerateChunk) => void;

/** One answer: prompt to ids to tokens to text. Stops between tokens when aborted. */
export async function generate(
  model: LoadedModel,
  request: GenerateRequest,
  signal: AbortSignal,
  emit: Emit,
): Promise<GenerateStats> {
  const started = performance.now();
  const prompt = encodePrompt(model, request);
  model.context.engine.setSampler(samplerOptions(request));
  const cachedTokens = await model.context.become(prompt, signal);
  const prefilled = performance.now();
  const clock = { first: prefilled };
  const decoded = signal.aborted
    ? { generatedTokens: 0, stopReason: 'aborted' as const }
    : await decode(model, request, prompt.length, signal, emit, clock);
  const decodeMs = performance.now() - clock.first;
  return {
    ...decoded,
    promptTokens: prompt.length,
    cachedTokens,
    promptMs: prefilled - started,
    firstTokenMs: clock.first - started,
    decodeMs,
    tokensPerSecond: speed(decoded.generatedTokens, decodeMs),
  };
}

/** The prompt's ids: messages and plain strings go through the chat template, raw strings do not. */
function encodePrompt({ chat, tokenizer }: LoadedModel, request: GenerateRequest): number[] {
  const { prompt, raw } = request;
  if (typeof prompt === 'string' && raw) {
    return tokenizer.encode(prompt, { addSpecial: true, parseSpecial: true });
  }
  return chat.encode(typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt);
}

function samplerOptions(request: GenerateRequest): Float64Array {
  return Float64Array.of(
    request.seed ?? 0,
    request.temperature ?? 0,
    request.topK ?? 0,
    request.topP ?? 1,
    request.minP ?? 0,
    request.repeatPenalty ?? 1,
    REPEAT_LAST_N,
  );
}

async function decode(
  { context, tokenizer, chat }: LoadedModel,
  request: GenerateRequest,
  promptTokens: number,
  signal: AbortSignal,
  emit: Emit,
  clock: { first: number },
): Promise<{ generatedTokens: number; stopReason: StopReason }> {
  const most = request.maxTokens ?? DEFAULT_MAX_TOKENS;
  const text = tokenizer.stream();
  const filter = new StopFilter([
    ...(request.stop ?? []),
    ...(request.raw ? [] : chat.stopStrings),
  ]);
  let count = 0;
  const end = (stopReason: StopReason, tail: string) => {
    if (tail) emit({ text: tail, ids: [] });
    return { generatedTokens: count, stopReason };
  };
  const rest = () => filter.push(text.flush()).text + filter.flush();

  while (count < most) {
    const id = context.engine.sample();
    if (count === 0) clock.first = performance.now();
    if (tokenizer.stopIds.has(id)) return end('eos', rest());
    count++;
    const part = filter.push(text.push(id));
    emit({ text: part.text, ids: [id] });
    if (part.stopped) return end('stop', '');
    await pause();
    if (signal.aborted) return end('aborted', rest());
    if (count === most) break;
    if (context.length === context.capacity) {
      if (request.overflow !== 'slide') return end('context-full', rest());
      await context.slide(Math.min(promptTokens, context.capacity >> 2), signal);
      if (signal.aborted) return end('aborted', rest());
    }
    context.append(id);
  }
  return end('length', rest());
}

/** Tokens per second after the first token; 0 for fewer than two. */
function speed(tokens: number, decodeMs: number): number {
  return tokens > 1 && decodeMs > 0 ? ((tokens - 1) / decodeMs) * 1000 : 0;
}
