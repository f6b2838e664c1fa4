import { type ByteSource, type PlannedTensor, PocketbitError } from '@pocketbit/core';
import type { Stop } from './clock.ts';
import { coded, type Engine, type EngineExports } from './exports.ts';
import { choosePicks, type KernelPick } from './kernels.ts';
import type { SizedPlan } from './memory.ts';

/** The loading half of the engine. */
export type EngineSink = Pick<Engine, 'reserve' | 'beginTensor' | 'push' | 'endTensor' | 'finish'>;

/** How weights are read, and who follows and stops it. */
export interface LoadTensorsOptions {
  /** Bytes per read; windows begin at multiples of it, so that a chunked store is read chunk by chunk. */
  readonly chunkBytes?: number | undefined;
  readonly signal?: Stop | undefined;
  /** Called after every window with bytes of tensors given to the sink and their total. */
  readonly onProgress?: ((loadedBytes: number, totalBytes: number) => void) | undefined;
}

const DEFAULT_CHUNK_BYTES = 4 * 1024 * 1024;

/** How an engine is filled, and by which kernels it multiplies. */
export interface OpenEngineOptions extends LoadTensorsOptions {
  /** Kernels in place of the artifact's defaults. */
  readonly picks?: readonly KernelPick[] | undefined;
}

/**
 * The engine of a plan, filled from any byte source. Frees it on an error: those of `loadTensors`, `unsupported` for
 * picks the artifact lacks, `out-of-memory`.
 */
export async function openEngine(
  { Engine }: Pick<EngineExports, 'Engine'>,
  plan: SizedPlan,
  source: ByteSource,
  { picks = [], ...options }: OpenEngineOptions = {},
): Promise<Engine> {
  const engine = coded(() => new Engine(plan.config));
  try {
    choosePicks(engine, picks);
    await loadTensors(plan, source, engine, options);
    return engine;
  } catch (error) {
    engine.free();
    throw error;
  }
}

/**
 * Streams the plan's tensors in file order into the sink, one window at a time, so that the weights exist once. Errors:
 * `aborted` within one window of the signal, `storage` where the source gives fewer bytes than were asked for, those of
 * the source, and those of the sink with the code they carry.
 */
export async function loadTensors(
  plan: Pick<SizedPlan, 'tensors' | 'residentBytes'>,
  source: ByteSource,
  sink: EngineSink,
  options: LoadTensorsOptions = {},
): Promise<void> {
  const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
  const total = plan.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const feed = new Feed(plan.tensors, sink);
  coded(() => sink.reserve(plan.residentBytes));
  while (!feed.done) {
    refuseAborted(options.signal);
    const start = feed.offset;
    const windowEnd = (Math.floor(start / chunkBytes) + 1) * chunkBytes;
    const length = Math.min(windowEnd, feed.end) - start;
    const bytes = await source.read(start, length);
    refuseAborted(options.signal);
    refuseShort(bytes, start, length);
    feed.push(bytes);
    options.onProgress?.(feed.loaded, total);
  }
  coded(() => sink.finish());
}

/** Cuts a run of file bytes into the tensors that lie in it. */
class Feed {
  readonly #tensors: readonly PlannedTensor[];
  readonly #sink: EngineSink;
  readonly end: number;
  /** Bytes of tensors pushed so far. */
  loaded = 0;
  #index = 0;
  /** Bytes of the current tensor pushed so far. */
  #within = 0;

  constructor(tensors: readonly PlannedTensor[], sink: EngineSink) {
    this.#tensors = tensors;
    this.#sink = sink;
    const last = tensors.at(-1);
    this.end = last ? last.offset + last.bytes : 0;
  }

  get done(): boolean {
    return this.#index >= this.#tensors.length;
  }

  /** File offset of the next byte a tensor needs. */
  get offset(): number {
    return this.#tensors[this.#index]!.offset + this.#within;
  }

  /** Takes the file's bytes from `offset` on; bytes between tensors are skipped. */
  push(bytes: Uint8Array): void {
    const start = this.offset;
    while (!this.done && this.offset - start < bytes.length) {
      const tensor = this.#tensors[this.#index]!;
      const from = this.offset - start;
      const part = bytes.subarray(from, from + tensor.bytes - this.#within);
      coded(() => this.#pushPart(tensor, part));
    }
  }

  #pushPart(tensor: PlannedTensor, part: Uint8Array): void {
    if (this.#within === 0) {
      this.#sink.beginTensor(tensor.name, tensor.type, tensor.rows, tensor.k);
    }
    this.#sink.push(part);
    this.loaded += part.length;
    this.#within += part.length;
    if (this.#within === tensor.bytes) this.#finishTensor();
  }

  #finishTensor(): void {
    this.#sink.endTensor();
    this.#index++;
    this.#within = 0;
  }
}

/** A source that gives nothing would else be asked for ever. */
function refuseShort(bytes: Uint8Array, offset: number, length: number): void {
  if (bytes.length === length) return;
  throw new PocketbitError(
    'storage',
    `A read of ${length} bytes at ${offset} returned ${bytes.length}.`,
  );
}

function refuseAborted(signal: Stop | undefined): void {
  if (signal?.aborted) throw new PocketbitError('aborted', 'loading was stopped');
}
