/**
 * Everything that crosses between page and worker. Comlink carries the commands of `WorkerApi`; each long job also gets
 * a MessagePort of its own, on which the worker sends events and the page sends `{ type: 'abort' }`.
 * Errors cross as data (`WireError`), so their code survives structured cloning.
 */
import type {
  ErrorCode,
  ErrorDetails,
  ForcedKernels,
  KernelFamily,
  Scheme,
  SizeClass,
  TensorKernels,
} from '@pocketbit/core';
import type { Crash } from './coordination/crash-marker.ts';
import type { SavedSession, SaveOptions } from './session/format.ts';

/** One build of the engine, from fastest to most compatible. */
export type Artifact = 'relaxed' | 'simd128' | 'scalar';

/** Where the weights were read from: IndexedDB, or memory when nothing could or should be stored. */
export type StorageKind = 'indexeddb' | 'memory';

export interface WireError {
  code: ErrorCode;
  message: string;
  details?: ErrorDetails | undefined;
}

/** Where a model does not fit: `refuse` it (default), `shrink` its context, or `ignore` the budget and earlier crashes. */
export type FitPolicy = 'refuse' | 'shrink' | 'ignore';

/** How a model fits on this device, known from its header alone. Sizes in bytes. */
export type Fit = {
  fits: boolean;
  /** Positions of the KV cache that this speaks of. */
  contextLength: number;
  /** Weights, KV cache, scratch and tokenizer. */
  neededBytes: number;
  weightBytes: number;
  kvBytes: number;
  budgetBytes: number;
  /** The largest context that fits; null where none is worth it. */
  suggestedContext: number | null;
};

export type Reply<T> = { ok: true; value: T } | { ok: false; error: WireError };

/** Times in milliseconds, sizes in bytes. `etaMs` is null while the speed or the size is unknown. */
export interface LoadProgress {
  phase: 'download' | 'load' | 'ready' | 'verify' | 'repair';
  loadedBytes: number;
  totalBytes: number | null;
  bytesPerSecond: number;
  etaMs: number | null;
  fromCache: boolean;
  /** Another tab does this work, and this one waits for it. */
  elsewhere?: true;
}

/**
 * Which kernels multiply by the weights. `auto` (default) times those the artifact has and stores the timings, `default`
 * takes the artifact's own order, and an object names them by family. It changes speed, never a bit of an answer.
 */
export type KernelOptions = 'auto' | 'default' | ForcedKernels;

/** The rate of a kernel on a random matrix of `rows` × `k`. */
export interface KernelTiming {
  family: KernelFamily;
  size: SizeClass;
  /** 1 as in decode, more as in prefill. */
  tokens: number;
  rows: number;
  k: number;
  kernel: string;
  /** 10^9 multiply-adds a second. */
  gmacs: number;
  /** 10^9 bytes of weights a second. */
  gbs: number;
  /** Loads that timed it; the rates are the best of them. */
  loads: number;
}

/** Which kernel serves which tensor, and what that rests on. */
export interface KernelProfile {
  artifact: Artifact;
  /** What decided: the caller, timings, or, where nothing was timed, the artifact's own order. */
  by: 'forced' | 'timings' | 'default';
  tensors: TensorKernels[];
  /** What was timed in this browser, by this load or an earlier one. */
  timings: KernelTiming[];
}

/**
 * Whether tokens come as fast as they can (`full`), at a rate and with rests that spare the battery (`low`), or with
 * rests once the device has grown much slower, which is how heat shows (`auto`).
 */
export type PowerMode = 'full' | 'auto' | 'low';

/** What low power did. */
export interface PaceReport {
  /** Whether the answer was slowed down on purpose, other than by `maxTokensPerSecond`. */
  lowered: boolean;
  /** Time of the rests between tokens, milliseconds. */
  sleptMs: number;
  /** A token's time against the fastest this model has been here. */
  slowdown: number;
}

/** A model file: its sources, its checksums, and whether it is stored. */
export interface FileRequest {
  /** Absolute URL, a `stored:` id, a local file, or its bytes. */
  source: string | Blob | ReadableStream<Uint8Array>;
  /** Absolute URLs of the same bytes. */
  urls?: string[];
  /** For a source without a name of its own. */
  name?: string;
  /** SHA-256 of the whole file, hex. */
  sha256?: string;
  /** SHA-256 of each 4 MiB of the file, hex. */
  chunkSha256?: string[];
  /** `prefer` runs from memory where the browser stores nothing or has no room left. */
  store: boolean | 'prefer';
}

export interface OpenRequest extends FileRequest {
  contextLength?: number;
  kv?: 'f32' | 'int8' | 'int4';
  head?: 'f32' | 'int8' | 'int4';
  artifact?: Artifact;
  wasmBase?: string;
  kernels?: KernelOptions;
  budgetBytes?: number;
  fit?: FitPolicy;
  /** Largest context, in positions, after a crash. */
  maxContext?: number;
  /** The page's name in the crash markers it leaves for the next visit; without it there are none. */
  visit?: string;
  /** What the context of a worker held that this one replaces; read again while nobody asks for anything. */
  ids?: Uint32Array;
}

export interface ModelInfo {
  name: string;
  architecture: string;
  parameters: number;
  fileBytes: number;
  /** Bytes the engine holds: weights, KV cache and scratch. */
  residentBytes: number;
  /** Positions in the KV cache. */
  contextLength: number;
  vocabSize: number;
  artifact: Artifact;
  storage: StorageKind;
  /** Hash of the whole file, of a split model the first, lower-case hex. */
  sha256: string;
  /** Bits of a weight and of an activation. */
  activation: Scheme;
  /** Positions that were asked for, where fewer fit or a crash advised fewer; else null. */
  reducedFrom: number | null;
  /** How an earlier visit with this model ended, where that was in the middle. */
  crash: Crash | null;
  /** Whom a saved session belongs to: the hashes of all the model's files, KV cache and head format. */
  key: string;
  /** What `load` accepts to open the same model again; null when it was not stored. */
  source: string | null;
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface SamplingOptions {
  /** Largest number of tokens to generate; default 512. */
  maxTokens?: number;
  /** 0 is greedy and the default, so the same prompt gives the same answer. */
  temperature?: number;
  /** 0 is off. */
  topK?: number;
  /** 1 is off. */
  topP?: number;
  /** 0 is off. */
  minP?: number;
  /** 1 is off; looks at the last 64 tokens. */
  repeatPenalty?: number;
  /** Seed of the sampler, 0 to 2^53 - 1; default 0. */
  seed?: number;
  /** The answer ends before the first of these strings. */
  stop?: string[];
  /** The prompt string is used as it is, without the chat template. */
  raw?: boolean;
  /**
   * When the context is full: `stop` (default) ends the answer with `context-full`; `slide` forgets the older half of
   * it, but for the prompt's first quarter of the context, and goes on.
   */
  overflow?: 'stop' | 'slide';
  /** Default `full`. It changes no token. */
  power?: PowerMode;
  /** The engine rests between tokens that would come faster. */
  maxTokensPerSecond?: number;
}

export interface GenerateRequest extends SamplingOptions {
  prompt: string | ChatMessage[];
}

export interface GenerateChunk {
  text: string;
  ids: number[];
}

export type StopReason = 'eos' | 'length' | 'stop' | 'aborted' | 'context-full';

/** Token counts, times in milliseconds. `cachedTokens` of the prompt were already in the KV cache. */
export interface GenerateStats {
  promptTokens: number;
  cachedTokens: number;
  generatedTokens: number;
  promptMs: number;
  firstTokenMs: number;
  decodeMs: number;
  tokensPerSecond: number;
  stopReason: StopReason;
  /** Where low power, or a rate, was asked for. */
  pace?: PaceReport;
}

export type OpenEvent = { type: 'progress'; progress: LoadProgress };

export type GenerateEvent =
  | { type: 'chunk'; chunk: GenerateChunk }
  | { type: 'session'; session: SavedSession }
  | { type: 'end'; stats: GenerateStats }
  | { type: 'error'; error: WireError };

export type JobCommand = { type: 'abort' };

/** Work on the store alone, without an engine. */
export type StoreRequest =
  | { action: 'import'; file: FileRequest }
  | { action: 'verify' | 'repair'; source: string; urls?: string[] };

/** What the work found. `damagedChunks` count those that were missing or wrong, `repairedChunks` those made good. */
export interface StoreReport {
  source: string;
  chunks: number;
  damagedChunks: number;
  repairedChunks: number;
}

/**
 * The commands of the worker, which it exposes through Comlink. None rejects: failures are replies. A command is named
 * here, where `worker/api.ts` carries it out, and where the page gives it.
 */
export interface WorkerApi {
  open(request: OpenRequest, port: MessagePort): Promise<Reply<ModelInfo>>;
  /** Replies when the job is over; the port carries chunks and, last, `end` or `error`. */
  generate(request: GenerateRequest, port: MessagePort): Promise<Reply<void>>;
  /** How the model would fit, from its header. */
  fit(request: OpenRequest, port: MessagePort): Promise<Reply<Fit>>;
  /** Goes on with a saved answer; events as of `generate`. */
  restore(saved: SavedSession, port: MessagePort): Promise<Reply<void>>;
  /** The running answer between two of its tokens, or the last one; null before the first. Never busy. */
  save(options: SaveOptions): Promise<Reply<SavedSession | null>>;
  /** Runs the engine warm unless it works anyway. */
  warm(): Promise<Reply<void>>;
  /** Imports, verifies or repairs a stored model, without an engine. */
  maintain(request: StoreRequest, port: MessagePort): Promise<Reply<StoreReport>>;
  tokenize(text: string): Promise<Reply<number[]>>;
  logits(ids: number[]): Promise<Reply<Float32Array>>;
  profile(): Promise<Reply<KernelProfile>>;
}

/** What the worker's entry exposes: the commands, and an answer as soon as the worker is between two pieces of work. */
export interface WorkerEntry extends WorkerApi {
  ping(): Promise<void>;
}
