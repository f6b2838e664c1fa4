// @wllama/wllama as the bench asks for it: one thread, no GPU, its own storage (OPFS), its own server timings.
import type { Wllama } from '@wllama/wllama/esm/index.js';
import type { Contender } from '../contender.ts';
import { createWllama } from './wllama.ts';

let wllama: Wllama | undefined;

export const contender: Contender = {
  async open(url, { contextLength }) {
    const start = performance.now();
    wllama = createWllama();
    await wllama.loadModelFromUrl(new URL(url, document.baseURI).href, {
      useCache: true,
      n_ctx: contextLength,
      n_gpu_layers: 0,
      n_threads: 1,
    });
    return performance.now() - start;
  },

  async ask(prompt, tokens) {
    const tokenTimes: number[] = [];
    let own: Timings | undefined;
    const start = performance.now();
    await wllama!.createCompletion({
      prompt,
      max_tokens: tokens,
      temperature: 0,
      stream: true,
      onData({ choices, timings }) {
        if (choices[0]?.text) tokenTimes.push(performance.now() - start);
        own = timings ?? own;
      },
    });
    if (!own) throw new Error('wllama sent no timings');
    return {
      promptTokens: own.prompt_n + own.cache_n,
      cachedTokens: own.cache_n,
      promptMs: own.prompt_ms,
      tokenTimes,
    };
  },

  async close() {
    await wllama?.exit();
    wllama = undefined;
  },
};

interface Timings {
  readonly cache_n: number;
  readonly prompt_n: number;
  readonly prompt_ms: number;
}
