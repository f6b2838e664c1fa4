import type { ChatMessage } from '@pocketbit/core';
import type { SamplingOptions, SavedSession, SaveOptions } from '@pocketbit/engine';
import type { KernelProfile, ModelInfo } from '../protocol.ts';

import type { GenerateStream } from './stream.ts';

export interface GenerateOptions extends SamplingOptions {
  /** Stops within one token; the loop ends with `stopReason: 'aborted'`. */
  signal?: AbortSignal;
}

/**
 * A model in memory, in a worker of its own. Where that worker crashes, what was running fails with `worker-crashed`, and a
 * new worker loads the model again and reads what the old one had in its context: the next call works.
 */
export interface Model {
  readonly info: ModelInfo;
  /**
   * Starts an answer. A string is one user message, unless `raw` is set.
   * One answer at a time: a second one fails with `busy`.
   */
  generate(prompt: string | ChatMessage[], options?: GenerateOptions): GenerateStream;
  /**
   * The running answer as it stands between two tokens, or the last one; null before the first. It may be asked for at any
   * time.
   */
  save(options?: SaveOptions): Promise<SavedSession | null>;
  /**
   * Goes on with a saved answer, to the tokens an uninterrupted run would have given. The stream begins with what there was.
   * Errors: `integrity`, `unsupported` for a session of another model, `context-full`.
   */
  restore(saved: SavedSession, options?: { signal?: AbortSignal }): GenerateStream;
  /** Token ids of `text`, without added special tokens. */
  tokenize(text: string): Promise<number[]>;
  /** Logits after the last of `ids`, [vocabSize]. */
  logits(ids: number[]): Promise<Float32Array>;
  /** Which kernel serves which tensor, and the timings that decided. */
  profile(): Promise<KernelProfile>;
  /** Frees the memory; the stored file stays. */
  close(): Promise<void>;
}
