// What the bench asks of an engine on a page. Pocketbit and its peers answer alike, so that one script times them all.
import { type LoadOptions, load, type Model } from 'pocketbit';

export interface OpenOptions extends Pick<LoadOptions, 'artifact' | 'kv'> {
  contextLength: number;
}

/** Times in milliseconds. */
export interface Answer {
  readonly promptTokens: number;
  /** Prompt tokens that the engine already held. */
  readonly cachedTokens: number;
  /** The engine's own time for the prompt. */
  readonly promptMs: number;
  /** From the request to each token's arrival at the page. */
  readonly tokenTimes: readonly number[];
}

export interface Contender {
  /** Loads from the address, or from what an earlier load stored; resolves to milliseconds. */
  open(url: string, options: OpenOptions): Promise<number>;
  /** A greedy answer of `tokens` tokens to the raw prompt. */
  ask(prompt: string, tokens: number): Promise<Answer>;
  /** Frees the model; what is stored stays. */
  close(): Promise<void>;
}

let model: Model | undefined;

/** What one token asks of the machine. */
export interface TokenWork {
  /** Bytes of weights that a token reads. */
  readonly bytes: number;
  /** Multiply-adds with weights. */
  readonly macs: number;
  /** Those of the head, which of a prompt only the last token needs. */
  readonly headMacs: number;
}

export const contender: Contender & {
  info(): Model['info'];
  tokenWork(): Promise<TokenWork>;
} = {
  async open(url, options) {
    const start = performance.now();
    model = await load(url, options);
    return performance.now() - start;
  },

  async ask(prompt, tokens) {
    const tokenTimes: number[] = [];
    const start = performance.now();
    const stream = model!.generate(prompt, { raw: true, maxTokens: tokens });
    for await (const { ids } of stream) {
      if (ids.length > 0) tokenTimes.push(performance.now() - start);
    }
    const { promptTokens, cachedTokens, promptMs } = stream.stats!;
    return { promptTokens, cachedTokens, promptMs, tokenTimes };
  },

  async close() {
    await model?.close();
    model = undefined;
  },

  info: () => model!.info,

  async tokenWork() {
    const { tensors } = await model!.profile();
    const tied = !tensors.some(({ name }) => name === 'output.weight');
    const head = tied ? 'token_embd.weight' : 'output.weight';
    const read = tensors.filter(({ name }) => name === head || name !== 'token_embd.weight');
    const macs = (of: typeof tensors) => of.reduce((sum, { rows, k }) => sum + rows * k, 0);
    return {
      bytes: read.reduce((sum, { bytes }) => sum + bytes, 0),
      macs: macs(read),
      headMacs: macs(read.filter(({ name }) => name === head)),
    };
  },
};
