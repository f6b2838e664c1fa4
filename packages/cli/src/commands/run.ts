import { type Chat, createChat, createTokenizer, StopFilter } from '@pocketbit/core';
import {
  checkSession,
  DEFAULT_MAX_TOKENS,
  type GenerateStats,
  type Line,
  type SamplingOptions,
  type SavedSession,
  TextModel,
} from '@pocketbit/engine';
import { nodeClock } from '../clock.ts';
import {
  type Command,
  choiceOption,
  Interrupted,
  integerOption,
  numberOption,
  type Options,
  UsageError,
  usageOf,
  type Values,
} from '../command.ts';
import { type LoadedModel, loadModel, MODEL_OPTIONS } from '../model.ts';
import { checkOutput, outputEnded, print, printAnswer, printJson } from '../output.ts';
import { modelKey, readSession, writeSession } from '../session-file.ts';

const SAMPLING_OPTIONS = {
  seed: { type: 'string' },
  temperature: { type: 'string' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  'min-p': { type: 'string' },
  'repeat-penalty': { type: 'string' },
  'max-tokens': { type: 'string' },
  overflow: { type: 'string' },
} as const satisfies Options;

export const run: Command = {
  name: 'run',
  usage:
    'FILE PROMPT [--system TEXT] [--raw] [--max-tokens N] [--temperature T] [--top-k N] [--top-p P] ' +
    '[--min-p P] [--repeat-penalty R] [--seed N] [--overflow stop|slide] [--save SESSION] ' +
    '[--resume SESSION] [--kv int8|int4|f32] [--head int8|f32] [--context N] ' +
    '[--artifact scalar|simd128|relaxed] [--kernels FAMILY=GEMV/GEMM,...] [--json]',
  summary: `answers a prompt in at most ${DEFAULT_MAX_TOKENS} tokens; greedy unless --temperature is given`,
  options: {
    ...MODEL_OPTIONS,
    ...SAMPLING_OPTIONS,
    system: { type: 'string' },
    raw: { type: 'boolean' },
    save: { type: 'string' },
    resume: { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [1, 2],
  async run([file, prompt], values) {
    const { resume, save } = values;
    if ((prompt === undefined) === (resume === undefined)) {
      throw new UsageError('run takes either a PROMPT or --resume SESSION', usageOf(run));
    }
    const options = samplingOptions(values);
    const saved = typeof resume === 'string' ? await readSession(resume) : null;
    const loaded = await loadModel(file!, values);
    const key = saved || save ? await modelKey(file!, loaded.plan) : '';
    const model = textModel(loaded, key);
    const answer = await listen(values.json === true, (line) =>
      saved
        ? model.restore(resumed(checkSession(saved, key, loaded.plan.config.vocab), options), line)
        : model.generate({ prompt: messages(prompt!, values), ...options }, line),
    );
    report(loaded, answer, values.json === true);
    if (typeof save === 'string') await writeSession(save, model.save()!);
    await checkOutput();
    if (answer.stats.stopReason === 'aborted' && !outputEnded.aborted) throw new Interrupted();
  },
};

function textModel({ header, plan, engine }: LoadedModel, key: string): TextModel {
  const tokenizer = createTokenizer(header);
  let chat: Chat | undefined;
  const text = {
    tokenizer,
    /** Compiled on use: a raw prompt goes without a template, and so without its faults. */
    get chat() {
      chat ??= createChat(header, tokenizer);
      return chat;
    },
    StopFilter,
  };
  return new TextModel({ engine, plan, text, clock: nodeClock, key });
}

/** What was given of the sampling options; the engine knows the defaults. */
function samplingOptions(values: Values): SamplingOptions {
  const options = {
    seed: integerOption(values, 'seed', 0, 2 ** 32 - 1),
    temperature: numberOption(values, 'temperature', 0, 100),
    topK: integerOption(values, 'top-k', 0, 2 ** 20),
    topP: numberOption(values, 'top-p', 0, 1),
    minP: numberOption(values, 'min-p', 0, 1),
    repeatPenalty: numberOption(values, 'repeat-penalty', 0.01, 100),
    maxTokens: integerOption(values, 'max-tokens', 1, 2 ** 24),
    overflow: choiceOption(values, 'overflow', ['stop', 'slide']),
    raw: values.raw === true ? true : undefined,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

/** The prompt as it is, or as a conversation where there is a system message. */
function messages(prompt: string, { raw, system }: Values) {
  if (raw || typeof system !== 'string') return prompt;
  return [
    { role: 'system' as const, content: system },
    { role: 'user' as const, content: prompt },
  ];
}

/** A saved answer that goes on: what ended it for this time is over, and options given now count. */
function resumed(saved: SavedSession, options: SamplingOptions): SavedSession {
  const over = saved.stopReason === 'eos' || saved.stopReason === 'stop';
  const stopReason = over ? saved.stopReason : null;
  return { ...saved, stopReason, options: { ...saved.options, ...options } };
}

interface Answer {
  readonly text: string;
  readonly ids: readonly number[];
  readonly stats: GenerateStats;
}

/** Writes the text as it comes; Ctrl-C ends the answer after the token that is being made. */
async function listen(
  silent: boolean,
  write: (line: Line) => Promise<GenerateStats>,
): Promise<Answer> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once('SIGINT', interrupt);
  outputEnded.addEventListener('abort', interrupt);
  const ids: number[] = [];
  let text = '';
  const line: Line = {
    chunk: (chunk) => {
      text += chunk.text;
      for (const id of chunk.ids) ids.push(id);
      if (!silent) printAnswer(chunk.text);
    },
    session: () => {},
    signal: controller.signal,
  };
  try {
    const stats = await write(line);
    return { text, ids, stats };
  } finally {
    process.removeListener('SIGINT', interrupt);
    outputEnded.removeEventListener('abort', interrupt);
  }
}

function report(model: LoadedModel, { text, ids, stats }: Answer, json: boolean): void {
  const { promptTokens, promptMs, decodeMs, stopReason, tokensPerSecond } = stats;
  const { residentBytes } = model.engine;
  const { artifact } = model;
  if (json) {
    const times = { promptTokens, promptMs, decodeMs, stopReason, tokensPerSecond };
    const answer = { text, ids, ...times, residentBytes, artifact };
    printJson(answer);
    return;
  }
  print('');
  if (outputEnded.aborted) return;
  print(
    `prompt ${promptTokens} tokens in ${promptMs.toFixed(0)} ms; answer ` +
      `${ids.length} tokens in ${decodeMs.toFixed(0)} ms, ` +
      `${tokensPerSecond.toFixed(1)} tokens/s; stopped by ${stopReason}; ` +
      `${(residentBytes / 1e6).toFixed(1)} MB resident, ${artifact}`,
    'stderr',
  );
}
