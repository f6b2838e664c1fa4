// @wllama/wllama, llama.cpp in WebAssembly, as a second opinion on models it can load.
import { Wllama } from '@wllama/wllama/esm/index.js';
import { contender } from './contender.ts';
import { createWllama } from './wllama.ts';

const peer = {
  contender,
  version: Wllama.getLibllamaVersion(),

  /** The text of the greedy token after each prompt, '' for one that ends the answer; and how many tokens the prompt had. */
  async next(model: string, prompts: string[]): Promise<{ text: string; promptTokens: number }[]> {
    const answers = await nextTokens(model, prompts);
    return answers.map(({ text, promptTokens }) => ({ text, promptTokens }));
  },

  /** The `max` likeliest ids after each prompt with their natural log probabilities. */
  async likeliest(model: string, prompts: string[], max: number): Promise<Likeliest[]> {
    const answers = await nextTokens(model, prompts, { logprobs: max });
    return answers.map(({ promptTokens, logprobs }) => {
      // llama.cpp's server answers with ids, which the declared type does not tell.
      const { content } = logprobs as Logprobs;
      const likeliest = content[0]!.top_logprobs;
      return { promptTokens, logprobs: likeliest.map(({ id, logprob }) => [id, logprob] as const) };
    });
  },
};

/** One greedy token after each prompt. */
async function nextTokens(model: string, prompts: string[], more: { logprobs?: number } = {}) {
  const wllama = createWllama();
  const file = await (await fetch(model)).blob();
  await wllama.loadModel([file], { n_ctx: 512, n_gpu_layers: 0, n_threads: 1 });
  const found = [];
  for (const prompt of prompts) {
    const options = { prompt, max_tokens: 1, temperature: 0, ...more };
    const { choices, usage } = await wllama.createCompletion(options);
    const { text, logprobs } = choices[0]!;
    found.push({ text, promptTokens: usage.prompt_tokens, logprobs: logprobs as unknown });
  }
  await wllama.exit();
  return found;
}

interface Logprobs {
  content: { top_logprobs: { id: number; logprob: number }[] }[];
}

export interface Likeliest {
  promptTokens: number;
  /** Id and natural log probability, the likeliest first. */
  logprobs: (readonly [number, number])[];
}

export type Peer = typeof peer;

declare global {
  interface Window {
    peer: Peer;
  }
}

window.peer = peer;
