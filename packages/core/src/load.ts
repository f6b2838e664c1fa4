import { PocketbitError } from './errors.ts';
import type { ModelPlan, PlannedTensor } from './plan/plan.ts';
import type { ByteSource } from './source.ts';

/** The loading half of the wasm Engine. */
export interface EngineSink {
  /** Grows the memory for so many bytes of weights, cache and scratch at once. */
  reserve(bytes: number): void;
  beginTensor(slot: number, layer: number, type: number, rows: number, k: number): void;
  /** The next bytes of that tensor, in file order; the view is not kept. */
  push(bytes: Uint8Array): void;
  endTensor(): void;
  finish(): void;
}

/** What loading looks at of an AbortSignal. */
export interface CancelSignal {
  readonly aborted: boolean;
}

export interface LoadTensorsOptions {
  /** Bytes per read; windows begin at multiples of it, so that a chunked store is read chunk by chunk. */
  readonly chunkBytes?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  /** Called after every window with bytes of tensors given to the sink and their total. */
  readonly onProgress?: ((loadedBytes: number, totalBytes: number) => void) | undefined;
}

const DEFAULT_CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Streams the plan's tensors in file order into the sink, one window at a time, so that the weights
 * exist once. Rejects with `aborted` within one window of the signal; errors of the sink keep the
 * code they carry.
 */
export async function loadTensors(
  plan: Pick<ModelPlan, 'tensors' | 'residentBytes'>,
  source: ByteSource,
  sink: EngineSink,
  options: LoadTensorsOptions = {},
): Promise<void> {
  const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
  const total = plan.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const feed = new Feed(plan.tensors, sink);
  guarded(() => sink.reserve(plan.residentBytes));
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
  guarded(() => sink.finish());
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

  /** Takes the file's bytes from `offset` on; bytes between tensors are skipped. Errors name the tensor. */
  push(bytes: Uint8Array): void {
    const start = this.offset;
    while (!this.done && this.offset - start < bytes.length) {
      const tensor = this.#tensors[this.#index]!;
      const from = this.offset - start;
      const part = bytes.subarray(from, from + tensor.bytes - this.#within);
      guarded(() => this.#pushPart(tensor, part), tensor);
    }
  }

  #pushPart(tensor: PlannedTensor, part: Uint8Array): void {
    if (this.#within === 0) {
      this.#sink.beginTensor(tensor.slot, tensor.layer, tensor.type, tensor.rows, tensor.k);
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

function refuseAborted(signal: CancelSignal | undefined): void {
  if (signal?.aborted) throw new PocketbitError('aborted', 'loading was stopped');
}

/** The engine knows a tensor by numbers; a reader knows it by name and shape. */
function guarded(step: () => void, tensor?: PlannedTensor): void {
  try {
    step();
  } catch (error) {
    const found = PocketbitError.from(error);
    if (!tensor) throw found;
    const { name, rows, k } = tensor;
    const what = found.message.replace(/^tensor \(\d+, \d+\) /, '');
    throw new PocketbitError(found.code, `Tensor "${name}", ${rows} × ${k}: ${what}`, {
      cause: error,
    });
  }
}
