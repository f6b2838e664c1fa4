import { linked, refuseAborted } from '../abort.ts';
import { release } from '../store/release.ts';
import { type Answer, networkError, offline, SourceError } from './http.ts';
import type { Source } from './sources.ts';

/** How long a download waits, milliseconds, and how often it tries again. */
export interface RetryLimits {
  /** A source that sends nothing for this long is left. */
  stallMs: number;
  /** The wait before the second round over the sources; it doubles with every further one. */
  backoffMs: number;
  /** Rounds over the sources without a new byte before the download gives up; two where no source was reached at all. */
  rounds: number;
  /** How long it waits for a device that went offline. */
  offlineMs: number;
}

export const RETRY_LIMITS: RetryLimits = {
  stallMs: 20_000,
  backoffMs: 500,
  rounds: 6,
  offlineMs: 600_000,
};

/** The longest wait that a server may ask for. */
const MAX_WAIT_MS = 60_000;

/** The sources of a file, tried one after the other: after one that fails the next, and after a round a pause. */
export class RetryingSources {
  readonly #limits: RetryLimits;
  readonly #signal: AbortSignal;
  #sources: Source[];
  /** Failures since something new arrived. */
  #failures = 0;
  #furthest = 0;
  #reached = false;

  constructor(sources: readonly Source[], limits: RetryLimits, signal: AbortSignal) {
    this.#sources = [...sources];
    this.#limits = limits;
    this.#signal = signal;
  }

  get current(): Source {
    return this.#sources[0]!;
  }

  /** The bytes of one answer of the current source, each part valid until the next arrives; a source that stalls fails. */
  async *read(
    offset: number,
    validator: string | null,
    accept: (answer: Answer) => Promise<void>,
    end?: number,
  ): AsyncGenerator<Uint8Array> {
    const request = new TimedRequest(this.current.address, this.#signal, this.#limits.stallMs);
    try {
      const answer = await request.within((signal) =>
        this.current.open(offset, validator, signal, end),
      );
      // Platform fact: Safari before 27 cannot iterate a ReadableStream, so this uses a reader.
      const reader = answer.stream.getReader();
      try {
        await accept(answer);
        for (;;) {
          const { done, value } = await request.within(() => reader.read());
          if (done) return;
          yield value;
          release(value.buffer);
        }
      } finally {
        reader.cancel().catch(() => {});
      }
    } finally {
      request.end();
    }
  }

  /** The file has arrived up to `position`; more than before resets the count of failures. */
  progressed(position: number): void {
    if (position <= this.#furthest) return;
    this.#furthest = position;
    this.#reached = true;
    this.#failures = 0;
  }

  /** Turns to the next source after a failure and waits as long as that takes. Throws it where nothing is left to try. */
  async retry(failure: unknown): Promise<void> {
    if (!(failure instanceof SourceError)) throw failure;
    const [current, ...others] = this.#sources as [Source, ...Source[]];
    this.#sources = failure.permanent ? others : [...others, current];
    if (this.#sources.length === 0) throw failure;
    if (offline() && this.#reached) return this.#online(failure);
    if (failure.code === 'offline') throw failure;
    this.#reached ||= failure.busy;
    this.#failures++;
    const round = Math.floor(this.#failures / this.#sources.length);
    const rounds = this.#reached ? this.#limits.rounds : Math.min(2, this.#limits.rounds);
    if (round > rounds) throw failure;
    if (this.#failures % this.#sources.length > 0) return;
    const wait = this.#limits.backoffMs * 2 ** (round - 1) * (0.75 + Math.random() / 2);
    await this.#wait(Math.min(MAX_WAIT_MS, Math.max(wait, failure.retryAfterMs)), null);
  }

  /** Waits for the device to be online again. */
  async #online(failure: SourceError): Promise<void> {
    await this.#wait(this.#limits.offlineMs, 'online');
    if (offline()) throw failure;
  }

  async #wait(ms: number, event: string | null): Promise<void> {
    const signal = this.#signal;
    let end = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      end = resolve;
      timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      if (event) globalThis.addEventListener?.(event, end);
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    if (event) globalThis.removeEventListener?.(event, end);
    refuseAborted(signal);
  }
}

/** A request that ends when it stalls, or when it is aborted. */
class TimedRequest {
  readonly #address: string;
  readonly #outer: AbortSignal;
  readonly #stallMs: number;
  readonly #request: AbortController;

  constructor(address: string, outer: AbortSignal, stallMs: number) {
    this.#address = address;
    this.#outer = outer;
    this.#stallMs = stallMs;
    this.#request = linked(outer);
  }

  /** One step of the request, at most `stallMs` long. Errors: `SourceError`, `aborted`. */
  async within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#request;
    let wake = () => {};
    // A stream that is no fetch does not know the signal, so nobody waits for it longer than the signal does.
    const ended = new Promise<never>((_, reject) => {
      wake = () => reject(new DOMException('stalled', 'AbortError'));
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
    const timer = setTimeout(() => this.end(), this.#stallMs);
    try {
      return await Promise.race([work(signal), ended]);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
    }
  }

  #failure(error: unknown): unknown {
    refuseAborted(this.#outer);
    if (!this.#request.signal.aborted) return networkError(this.#address, error);
    return new SourceError(
      'network',
      `${this.#address} sent nothing for ${this.#stallMs / 1000} s. Load again: what has arrived is kept.`,
      { cause: error },
    );
  }

  /** Ends the request, whatever it still does. */
  end(): void {
    this.#request.abort();
  }
}
