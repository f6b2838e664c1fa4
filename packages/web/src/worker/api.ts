import { PocketbitError } from '@pocketbit/core';
import type {
  Fit,
  GenerateRequest,
  GenerateStats,
  Line,
  SavedSession,
  SaveOptions,
} from '@pocketbit/engine';
import type { LoadJob } from '../download/open-file.ts';
import type {
  GenerateEvent,
  KernelProfile,
  ModelInfo,
  OpenEvent,
  OpenRequest,
  Reply,
  StoreReport,
  StoreRequest,
  WireError,
  WorkerApi,
} from '../protocol.ts';

import { type EngineModule, engineModule } from './artifact.ts';
import { whenIdle } from './idle.ts';
import { maintain } from './maintain.ts';
import { fitAt, type OpenedModel, openModel, profileOf } from './open.ts';

/** One worker: its commands, its model, its engine, and whether it works on a command. */
export class ModelWorker implements WorkerApi {
  #open: OpenedModel | null = null;
  #engine: Promise<EngineModule> | null = null;
  #working = false;

  async open(request: OpenRequest, port: MessagePort): Promise<Reply<ModelInfo>> {
    const outcome = await this.#job(port, async (job) => {
      this.#open = await openModel(request, this.#engineFor(request), job);
      return this.#open.info;
    });
    if (this.#open) void whenIdle(this.#open, this.#idle, [...(request.ids ?? [])]);
    return outcome;
  }

  generate(request: GenerateRequest, port: MessagePort): Promise<Reply<void>> {
    return this.#answer(port, (line) => this.#opened.model.generate(request, line));
  }

  fit(request: OpenRequest, port: MessagePort): Promise<Reply<Fit>> {
    return this.#job(port, (job) => fitAt(request, this.#engineFor(request), job));
  }

  restore(saved: SavedSession, port: MessagePort): Promise<Reply<void>> {
    return this.#answer(port, (line) => this.#opened.model.restore(saved, line));
  }

  save(options: SaveOptions): Promise<Reply<SavedSession | null>> {
    return this.#outcome(async () => this.#opened.model.save(options?.contextBytes));
  }

  warm(): Promise<Reply<void>> {
    return this.#outcome(async () => this.#opened.model.warmUp(this.#idle));
  }

  maintain(request: StoreRequest, port: MessagePort): Promise<Reply<StoreReport>> {
    return this.#job(port, (job) => maintain(request, job));
  }

  tokenize(text: string): Promise<Reply<number[]>> {
    return this.#reply(async () => {
      const whole = String(text);
      if (whole.length > MAX_CHARACTERS) throw tooLong(whole);
      return this.#opened.model.text.tokenizer.encode(whole, { parseSpecial: true });
    });
  }

  detokenize(ids: number[]): Promise<Reply<string>> {
    return this.#reply(async () => this.#opened.model.text.tokenizer.decode(listed(ids)));
  }

  logits(ids: number[]): Promise<Reply<Float32Array>> {
    return this.#reply(async () => this.#opened.model.logits(listed(ids), { aborted: false }));
  }

  /** A look at the engine between its tokens, which keeps nobody waiting. */
  profile(): Promise<Reply<KernelProfile>> {
    return this.#outcome(async () => profileOf(this.#opened));
  }

  get #opened(): OpenedModel {
    if (this.#open) return this.#open;
    throw new PocketbitError('worker-crashed', 'No model is open in this worker. Load it again.');
  }

  /** The engine of this worker, compiled when it is first asked for. */
  #engineFor({ artifact, wasmBase }: OpenRequest): () => Promise<EngineModule> {
    return () => {
      this.#engine ??= engineModule(artifact, wasmBase);
      return this.#engine;
    };
  }

  readonly #idle = () => !this.#working;

  /** Writes an answer to a port; the last event is its end or its error. */
  async #answer(
    port: MessagePort,
    write: (line: Line) => Promise<GenerateStats>,
  ): Promise<Reply<void>> {
    const send = (event: GenerateEvent) => port.postMessage(event);
    const line: Line = {
      chunk: (chunk) => send({ type: 'chunk', chunk }),
      session: (session) => send({ type: 'session', session }),
      signal: abortOf(port),
    };
    const outcome = await this.#reply(() => write(line));
    send(
      outcome.ok ? { type: 'end', stats: outcome.value } : { type: 'error', error: outcome.error },
    );
    return { ok: true, value: undefined };
  }

  /** Runs a job that reports its progress to a port and is aborted from there. */
  #job<T>(port: MessagePort, work: (job: LoadJob) => Promise<T>): Promise<Reply<T>> {
    const send = (event: OpenEvent) => port.postMessage(event);
    const report = (progress: OpenEvent['progress']) => send({ type: 'progress', progress });
    const signal = abortOf(port);
    return this.#reply(() => work({ signal, report }).finally(() => port.close()));
  }

  /** Runs one piece of work at a time. Errors: `busy`. */
  async #reply<T>(work: () => Promise<T>): Promise<Reply<T>> {
    if (this.#working) return { ok: false, error: busy() };
    this.#working = true;
    try {
      return await this.#outcome(work);
    } finally {
      this.#working = false;
    }
  }

  /** Turns a failure into data. */
  async #outcome<T>(work: () => Promise<T>): Promise<Reply<T>> {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      // Platform fact: a trap leaves the wasm instance in an unknown state, so it is not used again.
      if (isTrap(error)) this.#open = null;
      const { code, message, details } = PocketbitError.from(error);
      return { ok: false, error: { code, message, details } };
    }
  }
}

function isTrap(error: unknown): boolean {
  if (typeof WebAssembly !== 'object') return false;
  const { cause } = error instanceof Error ? error : {};
  return [error, cause].some((found) => found instanceof WebAssembly.RuntimeError);
}

function busy(): WireError {
  return {
    code: 'busy',
    message: 'The model is already working on another request. Wait for it or stop it first.',
  };
}

/** Of a text that is tokenised at once: half a minute at 2 µs each, in which the worker answers nobody. */
const MAX_CHARACTERS = 2 ** 24;

function tooLong({ length }: string): PocketbitError {
  return new PocketbitError(
    'context-full',
    `${length} characters are too many at once. Cut the text.`,
  );
}

/** The ids in what a caller gave. Errors: `unsupported`. */
function listed(ids: unknown): number[] {
  if (Array.isArray(ids) || ArrayBuffer.isView(ids)) return Array.from(ids as number[], Number);
  throw new PocketbitError('unsupported', 'The token ids are no list of numbers.');
}

function abortOf(port: MessagePort): AbortSignal {
  const controller = new AbortController();
  port.onmessage = ({ data }) => data?.type === 'abort' && controller.abort();
  return controller.signal;
}
