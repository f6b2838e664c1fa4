import {
  type KernelFamily,
  type ModelConfig,
  type PlannedTensor,
  PocketbitError,
} from '@pocketbit/core';

/** The builds of the engine, from most compatible to fastest: no SIMD, SIMD, relaxed SIMD. Each gives the same bits. */
export const ARTIFACTS = ['scalar', 'simd128', 'relaxed'] as const;

/** One build of the engine, which is also its file's name. */
export type Artifact = (typeof ARTIFACTS)[number];

/**
 * What crates/wasm exports, as this package drives it. A thrown error carries a `code` of the closed list; a
 * `WebAssembly.RuntimeError` is a trap, after which the instance is not used again.
 */
export interface EngineExports {
  readonly Engine: new (config: ModelConfig) => Engine;
  /** What a model of these tensors takes. */
  memoryPlan(config: ModelConfig, tensors: readonly PlannedTensor[]): MemoryPlan;
  readonly Trial: new (
    family: KernelFamily,
    rows: number,
    k: number,
    tokens: number,
    gemv: string,
    gemm: string,
  ) => KernelTrial;
  /** Kernels of a family, the default first: GEMV for one token, GEMM for more. */
  kernelNames(family: KernelFamily, tokens: number): string[];
}

/** A model being loaded, then a model with one context. */
export interface Engine {
  /** `small` or `large` matrices of a family; before the first tensor. */
  choose(family: string, size: string, gemv: string, gemm: string): void;
  /** Grows the memory for so many bytes of weights, cache and scratch at once. */
  reserve(bytes: number): void;
  /** Starts the tensor of a GGUF name: GGUF type, `[rows][k]`. Errors: `bad-model`. */
  beginTensor(name: string, type: number, rows: number, k: number): void;
  /** The next bytes of that tensor, in file order; the view is not kept. */
  push(bytes: Uint8Array): void;
  /** Ends the open tensor. Errors: `bad-model` where bytes are missing. */
  endTensor(): void;
  /** Makes the model of the tensors. Errors: `bad-model` where one is missing, `out-of-memory`. */
  finish(): void;
  /** Appends ids to the context; the logits are those of the last. */
  forward(ids: Uint32Array): void;
  /** `forward` in pieces. */
  begin(ids: Uint32Array): void;
  /** At most so many layers for the next ids; true once the logits are there. */
  advance(layers: number): boolean;
  /** A copy of the logits, `[vocab]`. */
  logits(): Float32Array;
  /** Restarts the random stream. */
  setSampler(options: SamplerSettings): void;
  /** The random stream's 64 bits, low and high half. */
  samplerState(): Uint32Array;
  /** Goes on with such a stream. */
  restoreSampler(low: number, high: number): void;
  /** The next id by the current logits; it is not appended. */
  sample(): number;
  /** Keeps the first `length` positions of the context. */
  truncate(length: number): void;
  /** Ids, keys and values as bytes. */
  saveContext(): Uint8Array;
  /** Takes such bytes of the same model. Errors leave the context as it was. */
  restoreContext(bytes: Uint8Array): void;
  /** A copy of the context's ids. */
  ids(): Uint32Array;
  /** Of each packed matrix, embedding and head first, then layer by layer. */
  profile(): TensorProfile[];
  /** Bytes of weights, cache and scratch; 0 until ready. */
  readonly residentBytes: number;
  free(): void;
}

/** All that a sample depends on besides logits and context. */
export interface SamplerSettings {
  /** 0 to 2^53 - 1. */
  readonly seed: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 is off. */
  readonly topK: number;
  /** 1 is off. */
  readonly topP: number;
  /** 0 is off. */
  readonly minP: number;
  /** 1 is off. */
  readonly repeatPenalty: number;
  /** How many of the last ids the penalty looks at. */
  readonly repeatLast: number;
}

/** Which kernels serve a packed matrix: `gemv` for one token, `gemm` for several. */
export interface TensorProfile {
  readonly name: string;
  readonly family: KernelFamily;
  /** As the engine holds it, packed. */
  readonly bytes: number;
  readonly gemv: string;
  readonly gemm: string;
}

/** What a model takes, bytes. */
export interface MemoryPlan {
  readonly weightBytes: number;
  /** Of the whole context. */
  readonly kvBytes: number;
  readonly scratchBytes: number;
}

/** A random matrix for one kernel. */
export interface KernelTrial {
  run(times: number): void;
  /** Multiply-adds of one run. */
  readonly macs: number;
  /** Bytes of weights that one run reads. */
  readonly bytes: number;
  free(): void;
}

/** A call of the engine, whose errors come as PocketbitErrors with the code they carry. */
export function coded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw PocketbitError.from(error);
  }
}
