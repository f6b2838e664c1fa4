import { createChat, createTokenizer, StopFilter, type Tokenizer } from '@pocketbit/core';
import {
  type Command,
  integerOption,
  numberOption,
  type Options,
  type Values,
} from '../command.ts';
import type { Engine } from '../engine.ts';
import { type LoadedModel, loadModel, MODEL_OPTIONS } from '../model.ts';

const SAMPLING_OPTIONS = {
  seed: { type: 'string' },
  temperature: { type: 'string' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  'min-p': { type: 'string' },
  'repeat-penalty': { type: 'string' },
} as const satisfies Options;

const DEFAULT_MAX_TOKENS = 256;
const REPEAT_LAST_N = 64;

export const run: Command = {
  name: 'run',
  usage:
    'FILE PROMPT [--system TEXT] [--raw] [--max-tokens N] [--temperature T] [--top-k N] [--top-p P] ' +
    '[--min-p P] [--repeat-penalty R] [--seed N] [--kv int8|int4|f32] [--head int8|f32] [--context N] ' +
    '[--artifact scalar|simd128|relaxed] [--kernels FAMILY=GEMV/GEMM,...] [--json]',
  summary: 'answers a prompt; greedy unless --temperature is given',
  options: {
    ...MODEL_OPTIONS,
    ...SAMPLING_OPTIONS,
    system: { type: 'string' },
    raw: { type: 'boolean' },
    'max-tokens': { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [2, 2],
  async run([file, prompt], values) {
    const most = integerOption(values, 'max-tokens', 1, 2 ** 24) ?? DEFAULT_MAX_TOKENS;
    const sampler = samplerOptions(values);
    const model = await loadModel(file!, values);
    const tokenizer = createTokenizer(model.header);
    const { ids, stopStrings } = promptOf(model, tokenizer, prompt!, values);
    model.engine.setSampler(sampler);
    const write = values.json ? () => {} : (text: string) => process.stdout.write(text);
    const answer = await generate(model, tokenizer, { ids, stopStrings, most, write });
    report(model, answer, values.json === true);
  },
};

/** The Engine's sampler settings, in its order. */
function samplerOptions(values: Values): Float64Array {
  return Float64Array.of(
    integerOption(values, 'seed', 0, 2 ** 32 - 1) ?? 0,
    numberOption(values, 'temperature', 0, 100) ?? 0,
    integerOption(values, 'top-k', 0, 2 ** 20) ?? 0,
    numberOption(values, 'top-p', 0, 1) ?? 1,
    numberOption(values, 'min-p', 0, 1) ?? 0,
    numberOption(values, 'repeat-penalty', 0.01, 100) ?? 1,
    REPEAT_LAST_N,
  );
}

function promptOf(model: LoadedModel, tokenizer: Tokenizer, prompt: string, values: Values) {
  if (values.raw) {
    return { ids: tokenizer.encode(prompt, { parseSpecial: true }), stopStrings: [] };
  }
  const chat = createChat(model.header, tokenizer);
  const system = typeof values.system === 'string' ? values.system : undefined;
  const ids = chat.encode([
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: prompt },
  ]);
  return { ids, stopStrings: chat.stopStrings };
}

type StopReason = 'eos' | 'stop' | 'length' | 'context-full';

interface Answer {
  readonly text: string;
  readonly ids: number[];
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly decodeMs: number;
  readonly stopReason: StopReason;
}

interface Prompt {
  readonly ids: readonly number[];
  /** Text that ends the answer. */
  readonly stopStrings: readonly string[];
  /** Tokens of the answer, at most. */
  readonly most: number;
  /** Takes each part of the text as it comes. */
  write(text: string): void;
}

/** Prefills the prompt and decodes until something ends the answer. */
async function generate(
  { engine, plan }: LoadedModel,
  tokenizer: Tokenizer,
  prompt: Prompt,
): Promise<Answer> {
  const started = performance.now();
  engine.forward(Uint32Array.from(prompt.ids));
  const prefilled = performance.now();
  const answer = answerIds(engine, tokenizer.stopIds, prompt.most, plan.config.context);
  const { text, ids, stopReason } = await streamAnswer(answer, tokenizer, prompt);
  const [promptMs, decodeMs] = [prefilled - started, performance.now() - prefilled];
  return { text, ids, promptTokens: prompt.ids.length, promptMs, decodeMs, stopReason };
}

/** Turns ids into text as they come, until they end or the text reaches a stop string. */
async function streamAnswer(
  answer: Generator<number, StopReason>,
  tokenizer: Tokenizer,
  { stopStrings, write }: Prompt,
) {
  const decoder = tokenizer.stream();
  const filter = new StopFilter(stopStrings);
  const ids: number[] = [];
  let text = '';
  const emit = (part: string) => {
    text += part;
    write(part);
  };
  let step = answer.next();
  for (; !step.done; step = answer.next()) {
    ids.push(step.value);
    const part = filter.push(decoder.push(step.value));
    emit(part.text);
    if (part.stopped) return { text, ids, stopReason: 'stop' as const };
    // Lets the terminal show the text and Ctrl-C act.
    await new Promise((resolve) => setImmediate(resolve));
  }
  emit(filter.push(decoder.flush()).text + filter.flush());
  return { text, ids, stopReason: step.value };
}

/** Samples ids and appends them to the context until something ends the answer, and returns what. */
function* answerIds(
  engine: Engine,
  stopIds: ReadonlySet<number>,
  most: number,
  context: number,
): Generator<number, StopReason> {
  for (let count = 1; ; count++) {
    const id = engine.sample();
    if (stopIds.has(id)) return 'eos';
    yield id;
    if (count === most) return 'length';
    if (engine.length >= context) return 'context-full';
    engine.forward(Uint32Array.of(id));
  }
}

function report(model: LoadedModel, answer: Answer, json: boolean): void {
  const tokensPerSecond = (answer.ids.length / answer.decodeMs) * 1000;
  const { residentBytes } = model.engine;
  if (json) {
    const { artifact } = model;
    process.stdout.write(
      `${JSON.stringify({ ...answer, tokensPerSecond, residentBytes, artifact })}\n`,
    );
    return;
  }
  process.stdout.write('\n');
  process.stderr.write(
    `prompt ${answer.promptTokens} tokens in ${answer.promptMs.toFixed(0)} ms; answer ` +
      `${answer.ids.length} tokens in ${answer.decodeMs.toFixed(0)} ms, ` +
      `${tokensPerSecond.toFixed(1)} tokens/s; stopped by ${answer.stopReason}; ` +
      `${(residentBytes / 1e6).toFixed(1)} MB resident, ${model.artifact}\n`,
  );
}
