import { linked, refuseAborted } from '../abort.ts';
import { release } from '../store/release.ts';
import { type Answer, isThere, networkError, offline, SourceError, unproven } from './http.ts';
import { MAGIC_BYTES, notModel } from './magic.ts';
import type { Source } from './sources.ts';

/** How long a download waits, milliseconds, and how often it tries again. */
export interface RetryLimits {
  /** A source that sends nothing for this long is left, and one that sends next to nothing where there is another. */
  stallMs: number;
  /** The wait before the second round over the sources; it doubles with every further one, up to `MAX_PAUSE_MS`. */
  backoffMs: number;
  /** Rounds over the sources without a new byte before the download gives up; two where no source was reached at all. */
  rounds: number;
  /** How long it waits for a device that went offline. */
  offlineMs: number;
}

export const RETRY_LIMITS: RetryLimits = {
  stallMs: 20_000,
  backoffMs: 500,
  rounds: 16,
  offlineMs: 600_000,
};

/** The longest wait that a server may ask for. */
const MAX_WAIT_MS = 60_000;
/** The longest pause between two rounds, so that a download goes on within 3 s when the network is back. */
const MAX_PAUSE_MS = 2000;
/** A server that has too much to do is asked so often, and the pause doubles each time. */
const BUSY_ROUNDS = 6;
/**
 * How often an offline device is asked whether it is online, by a request: Chromium's workers fire no `online`, and a
 * device without an interface but its own says that it is offline whatever it can reach.
 */
const OFFLINE_MS = 1000;
/** An offline device's connection that sends nothing for this long is dead; it would wake up as late as its back-off says. */
const OFFLINE_STALL_MS = 2000;
/** How often a silent connection is looked after. */
const BEAT_MS = 500;
/** Bytes a second, over `stallMs`, below which a source is left for one that was not found to be so slow. As curl's. */
const MIN_RATE = 1000;
/**
 * Parts that break off unread, or are not given by a server that is there, after which the whole file is asked for: a part
 * of a compressed body cannot be decoded. Platform fact: Chromium fails such a request before it has an answer.
 */
const MAX_BROKEN = 2;

/** The sources of a file, tried one after the other: after one that fails the next, and after a round a pause. */
export class RetryingSources {
  readonly #limits: RetryLimits;
  readonly #signal: AbortSignal;
  #sources: Source[];
  /** Sources that were left because they are slow. */
  readonly #slow = new Set<Source>();
  /** Failures since something new arrived. */
  #failures = 0;
  /** Those by a server that is there and busy. */
  #busy = 0;
  /** Parts that broke off unread since then. */
  #broken = 0;
  /** Requests for a part that got no answer since then. */
  #refused = 0;
  /** Milliseconds that the device has been offline since then. */
  #offlineMs = 0;
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

  /** Milliseconds of silence after which a connection is dead. */
  readonly #stallMs = (): number => {
    const { stallMs } = this.#limits;
    return this.#reached && offline() ? Math.min(OFFLINE_STALL_MS, stallMs) : stallMs;
  };

  /** Whether a source is still there and was not left for being slow. */
  usable(address: string | undefined): boolean {
    return this.#sources.some((source) => source.address === address && !this.#slow.has(source));
  }

  /**
   * The bytes of one answer of the current source, each part valid until the next arrives. A source that stalls, or is slow
   * while another is not known to be, fails.
   */
  async *read(
    offset: number,
    validator: string | null,
    accept: (answer: Answer) => Promise<void>,
    end?: number,
  ): AsyncGenerator<Uint8Array> {
    const request = new TimedRequest(this.current.address, this.#signal, this.#stallMs);
    const whole = this.#broken >= MAX_BROKEN;
    const [from, to] = whole ? [0, undefined] : [offset, end];
    const furthest = this.#furthest;
    try {
      const answer = await request
        .within((signal) => this.current.open(from, validator, signal, to))
        .catch((error) => this.#partRefused(request, error, Boolean(from || to)));
      // Platform fact: Safari before 27 cannot iterate a ReadableStream, so this uses a reader.
      const reader = answer.stream.getReader();
      const pace = { ms: 0, bytes: 0 };
      try {
        await accept(answer);
        for (;;) {
          const since = performance.now();
          const { done, value } = await request.within(() => reader.read());
          if (done) return;
          this.#keepPace(pace, performance.now() - since, value.length);
          yield value;
          release(value.buffer);
        }
      } catch (error) {
        if (isBroken(error) && furthest === this.#furthest) {
          this.#broken = from || to ? this.#broken + 1 : 0;
        }
        throw error;
      } finally {
        reader.cancel().catch(() => {});
      }
    } finally {
      request.end();
    }
  }

  /** Notes where a part is not to be had of a source that can be reached; throws `error`. */
  async #partRefused(request: TimedRequest, error: unknown, partial: boolean): Promise<never> {
    if (partial && isBroken(error) && ++this.#refused > MAX_BROKEN) {
      const { address } = this.current;
      if (await request.within((signal) => isThere(address, signal))) {
        this.#reached = true;
        this.#broken++;
      }
    }
    throw error;
  }

  /** As `read`, once the bytes are known to be of a model: where they are the first of the file, they say so. */
  async *readModel(...[offset, validator, accept, end]: Parameters<RetryingSources['read']>) {
    const { address } = this.current;
    let first = null as Answer | null;
    let start = new Uint8Array();
    const judge = async (answer: Answer) => {
      if (answer.offset === 0) first = answer;
      else await accept(answer);
    };
    for await (const part of this.read(offset, validator, judge, end)) {
      if (!first) {
        yield part;
        continue;
      }
      start = joined(start, part);
      if (start.length < MAGIC_BYTES) continue;
      const refusal = notModel(address, start);
      if (refusal) throw refusal;
      await accept(first);
      first = null;
      yield start;
    }
    if (first) throw notModel(address, start);
  }

  /** Fails where a source has brought next to nothing for `stallMs` of waiting. */
  #keepPace(pace: { ms: number; bytes: number }, ms: number, bytes: number): void {
    pace.ms += ms;
    pace.bytes += bytes;
    if (pace.ms < this.#limits.stallMs) return;
    const slow = pace.bytes < (MIN_RATE * pace.ms) / 1000;
    pace.ms = pace.bytes = 0;
    const { current } = this;
    const others = this.#sources.filter((source) => source !== current && !this.#slow.has(source));
    if (!slow || others.length === 0) return;
    this.#slow.add(current);
    throw new SourceError(
      'network',
      `${current.address} sends less than ${MIN_RATE} bytes a second.`,
    );
  }

  /** The file has arrived up to `position`; more than before resets the count of failures. */
  progressed(position: number): void {
    if (position <= this.#furthest) return;
    this.#furthest = position;
    this.#reached = true;
    this.#failures = this.#busy = this.#broken = this.#refused = this.#offlineMs = 0;
  }

  /**
   * Turns to the next source after a failure and waits as long as that takes. Throws it where nothing is left to try. What
   * is no model is a failure of the network to one of whose file something is `kept`.
   */
  async retry(found: unknown, kept = false): Promise<void> {
    if (!(found instanceof SourceError)) throw found;
    const failure = kept ? unproven(found) : found;
    const [current, ...others] = this.#sources as [Source, ...Source[]];
    if (failure.permanent) this.#sources = others;
    else if (!failure.stale) this.#sources = [...others, current];
    if (this.#sources.length === 0) throw failure;
    if (offline() && this.#reached) return this.#online(failure);
    if (failure.code === 'offline') throw failure;
    this.#reached ||= failure.busy;
    this.#failures++;
    // A server that is back and busy has its own rounds, whatever failed before.
    const failures = failure.busy ? ++this.#busy : this.#failures;
    const round = Math.floor(failures / this.#sources.length);
    const { rounds, backoffMs } = this.#limits;
    const most = this.#reached ? (failure.busy ? BUSY_ROUNDS : rounds) : 2;
    if (round > Math.min(rounds, most)) throw failure;
    if (this.#failures % this.#sources.length > 0) return;
    const pause = backoffMs * 2 ** (round - 1);
    const wait =
      (failure.busy ? pause : Math.min(pause, MAX_PAUSE_MS)) * (0.75 + Math.random() / 2);
    await this.#wait(Math.min(MAX_WAIT_MS, Math.max(wait, failure.retryAfterMs)), null);
  }

  /** Waits for a device that is offline, a moment or until it says that it is online. */
  async #online(failure: SourceError): Promise<void> {
    const ms = Math.min(OFFLINE_MS, this.#limits.offlineMs - this.#offlineMs);
    if (ms <= 0) throw failure;
    this.#offlineMs += ms;
    await this.#wait(ms, 'online');
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

/** Whether the browser gave up an answer: its connection broke, it cannot be decoded, or it was not allowed. */
function isBroken(error: unknown): boolean {
  return error instanceof SourceError && error.cause instanceof TypeError;
}

function joined(start: Uint8Array, part: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(start.length + part.length);
  whole.set(start);
  whole.set(part, start.length);
  return whole;
}

/** A request that ends when it stalls, or when it is aborted. */
class TimedRequest {
  readonly #address: string;
  readonly #outer: AbortSignal;
  readonly #stallMs: () => number;
  readonly #request: AbortController;
  /** How long the step that runs has been waited for. */
  #silentMs = 0;

  constructor(address: string, outer: AbortSignal, stallMs: () => number) {
    this.#address = address;
    this.#outer = outer;
    this.#stallMs = stallMs;
    this.#request = linked(outer);
  }

  /** One step of the request, at most `stallMs` long. Errors: `SourceError`, `aborted`. */
  async within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#request;
    this.#silentMs = 0;
    let wake = () => {};
    // A stream that is no fetch does not know the signal, so nobody waits for it longer than the signal does.
    const ended = new Promise<never>((_, reject) => {
      wake = () => reject(new DOMException('stalled', 'AbortError'));
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
    // Silence is counted in beats: a device that slept finds its timers due at once.
    const beatMs = Math.min(BEAT_MS, this.#stallMs());
    const timer = setInterval(() => {
      this.#silentMs += beatMs;
      if (this.#silentMs >= this.#stallMs()) this.end();
    }, beatMs);
    try {
      return await Promise.race([work(signal), ended]);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', wake);
    }
  }

  #failure(error: unknown): unknown {
    refuseAborted(this.#outer);
    if (!this.#request.signal.aborted) return networkError(this.#address, error);
    return new SourceError(
      'network',
      `${this.#address} sent nothing for ${this.#silentMs / 1000} s. Load again: what has arrived is kept.`,
      { cause: error },
    );
  }

  /** Ends the request, whatever it still does. */
  end(): void {
    this.#request.abort();
  }
}
