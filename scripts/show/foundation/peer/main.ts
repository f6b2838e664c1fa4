// @wllama/wllama, llama.cpp in WebAssembly, as a second opinion on the bundled model.
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';

const peer = {
  version: Wllama.getLibllamaVersion(),

  /** The text of the greedy token after each list of ids; '' for one that ends the answer. */
  async next(model: string, contexts: number[][]): Promise<string[]> {
    const wllama = new Wllama(
      { default: new URL(wasm, document.baseURI).href },
      { suppressNativeLog: true },
    );
    const file = await (await fetch(model)).blob();
    await wllama.loadModel([file], { n_ctx: 512, n_gpu_layers: 0, n_threads: 1 });
    const texts: string[] = [];
    for (const ids of contexts) {
      // llama.cpp's completion takes ids as well as text; the types of wllama name only text.
      const prompt = ids as unknown as string[];
      const { choices } = await wllama.createCompletion({ prompt, max_tokens: 1, temperature: 0 });
      texts.push(choices[0]!.text);
    }
    return texts;
  },
};

export type Peer = typeof peer;

declare global {
  interface Window {
    peer: Peer;
  }
}

window.peer = peer;
