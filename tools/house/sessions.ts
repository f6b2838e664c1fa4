// Answers whose saved sessions are compared: every family of weights on every KV cache, drawn and greedy, and one that
// slides.
import { KV_FORMATS } from '@pocketbit/core';
import type { GenerateOptions, LoadOptions } from 'pocketbit';

export interface SessionRun {
  readonly name: string;
  /** Path on the site. */
  readonly model: string;
  readonly prompt: string;
  readonly load: LoadOptions;
  readonly options: GenerateOptions;
}

const MODELS = {
  'tiny-tq2': '/tiny/tiny-tq2.gguf',
  'tiny-w1a1': '/tiny/tiny-w1a1.gguf',
  'small-bitnet-Q8_0': '/files/small-bitnet-Q8_0-1.gguf',
  'small-qwen3': '/files/small-qwen3-1.gguf',
  'small-qwen3-q2': '/files/small-qwen3-q2-1.gguf',
  'small-qwen3-q2-g128': '/files/small-qwen3-q2-g128-1.gguf',
};

/** The random stream and the penalty count, and a stop string is looked for. */
const DRAWN: GenerateOptions = {
  raw: true,
  temperature: 1,
  seed: 11,
  topK: 40,
  topP: 0.95,
  minP: 0.01,
  repeatPenalty: 1.2,
  maxTokens: 40,
  stop: ['~~'],
};

export const SESSIONS: readonly SessionRun[] = [
  ...Object.entries(MODELS).flatMap(([name, model]) =>
    KV_FORMATS.map((kv) => ({
      name: `${name}, ${kv} KV, drawn`,
      model,
      prompt: 'abcd',
      load: { kv },
      options: DRAWN,
    })),
  ),
  {
    name: 'tiny-tq2, greedy, a chat',
    model: MODELS['tiny-tq2'],
    prompt: 'abcd',
    load: {},
    options: { maxTokens: 24 },
  },
  {
    name: 'tiny-tq2, a context that slides',
    model: MODELS['tiny-tq2'],
    prompt: 'q!q!q!q!',
    load: { contextLength: 16 },
    options: { raw: true, overflow: 'slide', maxTokens: 60, temperature: 1, seed: 5 },
  },
  {
    name: 'pocketbit-actions, a command',
    model: '/models/pocketbit-actions.gguf',
    prompt: 'Set a timer for 10 minutes',
    load: {},
    options: {},
  },
];
