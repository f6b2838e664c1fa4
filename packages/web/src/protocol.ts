/**
 * Everything that crosses between page and worker. Comlink carries the commands of `WorkerApi`; each long job also gets
 * a MessagePort of its own, on which the worker sends events and the page sends `{ type: 'abort' }`.
 * Errors cross as data (`WireError`), so their code survives structured cloning.
 */
import type { ErrorCode, ErrorDetails, Scheme } from '@pocketbit/core';
import type {
  Artifact,
  ChosenBy,
  Fit,
  FitPolicy,
  GenerateChunk,
  GenerateRequest,
  GenerateStats,
  KernelOptions,
  KernelTiming,
  SavedSession,
  SaveOptions,
  TensorKernels,
} from '@pocketbit/engine';
import type { Crash } from './coordination/crash-marker.ts';

/** Where the weights were read from: IndexedDB, or memory when nothing could or should be stored. */
export type StorageKind = 'indexeddb' | 'memory';

export interface WireError {
  code: ErrorCode;
  message: string;
  details?: ErrorDetails | undefined;
}

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

/** Which kernel serves which tensor, and what that rests on. */
export interface KernelProfile {
  artifact: Artifact;
  /** What decided: the caller, timings, or, where nothing was timed, the artifact's own order. */
  by: ChosenBy;
  tensors: TensorKernels[];
  /** What was timed in this browser, by this load or an earlier one. */
  timings: KernelTiming[];
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
  detokenize(ids: number[]): Promise<Reply<string>>;
  logits(ids: number[]): Promise<Reply<Float32Array>>;
  profile(): Promise<Reply<KernelProfile>>;
}

/** What the worker's entry exposes: the commands, and an answer as soon as the worker is between two pieces of work. */
export interface WorkerEntry extends WorkerApi {
  ping(): Promise<void>;
}
