import type { ChatMessage, KernelProfile, ModelInfo, SamplingOptions } from '../protocol.ts';
import type { GenerateStream } from './stream.ts';

export interface GenerateOptions extends SamplingOptions {
  /** Stops within one token; the loop ends with `stopReason: 'aborted'`. */
  signal?: AbortSignal;
}

/** A model in memory, in a worker of its own. */
export interface Model {
  readonly info: ModelInfo;
  /**
   * Starts an answer. A string is one user message, unless `raw` is set.
   * One answer at a time: a second one fails with `busy`.
   */
  generate(prompt: string | ChatMessage[], options?: GenerateOptions): GenerateStream;
  /** Token ids of `text`, without added special tokens. */
  tokenize(text: string): Promise<number[]>;
  /** Logits after the last of `ids`, [vocabSize]. */
  logits(ids: number[]): Promise<Float32Array>;
  /** Which kernel serves which tensor, and the timings that decided. */
  profile(): Promise<KernelProfile>;
  /** Frees the memory; the stored file stays. */
  close(): Promise<void>;
}
