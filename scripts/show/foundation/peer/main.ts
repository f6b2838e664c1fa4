// @wllama/wllama, llama.cpp in WebAssembly, as a second opinion on the bundled model.
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';

const peer = {
  version: Wllama.getLibllamaVersion(),

  /** The text of the greedy token after each prompt, '' for one that ends the answer; and how many tokens the prompt had. */
  async next(model: string, prompts: string[]): Promise<{ text: string; promptTokens: number }[]> {
    const wllama = new Wllama(
      { default: new URL(wasm, document.baseURI).href },
      { suppressNativeLog: true },
    );
    const file = await (await fetch(model)).blob();
    await wllama.loadModel([file], { n_ctx: 512, n_gpu_layers: 0, n_threads: 1 });
    const found = [];
    for (const prompt of prompts) {
      const { choices, usage } = await wllama.createCompletion({
        prompt,
        max_tokens: 1,
        temperature: 0,
      });
      found.push({ text: choices[0]!.text, promptTokens: usage.prompt_tokens });
    }
    return found;
  },
};

export type Peer = typeof peer;

declare global {
  interface Window {
    peer: Peer;
  }
}

window.peer = peer;
