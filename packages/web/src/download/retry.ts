import { PocketbitError } from '@pocketbit/core';
import { release } from '../store/release.ts';
import { networkError, offline, PlaceError } from './http.ts';
import type { Opened, Place } from './sources.ts';

/** How long a download waits, milliseconds, and how often it tries again. */
export interface Pace {
  /** A place that sends nothing for this long is left. */
  stallMs: number;
  /** The wait before the second round over the places; it doubles with every further one. */
  backoffMs: number;
  /** Rounds over the places without a new byte before the download gives up; two where no place was reached at all. */
  rounds: number;
  /** How long it waits for a device that went offline. */
  offlineMs: number;
}

export const PACE: Pace = { stallMs: 20_000, backoffMs: 500, rounds: 6, offlineMs: 600_000 };

/** The longest wait that a server may ask for. */
const MOST_WAIT_MS = 60_000;

/** The places of a file in turn: one that fails gives way to the next, and after a round there is a pause. */
export class Mirrors {
  readonly #pace: Pace;
  readonly #signal: AbortSignal;
  #places: Place[];
  /** Failures since something new arrived. */
  #failures = 0;
  #furthest = 0;
  #reached = false;

  constructor(places: readonly Place[], pace: Pace, signal: AbortSignal) {
    this.#places = [...places];
    this.#pace = pace;
    this.#signal = signal;
  }

  get place(): Place {
    return this.#places[0]!;
  }

  /** The bytes of one answer of the present place, each part as it arrives and until the next; a place that stalls fails. */
  async *read(
    offset: number,
    validator: string | null,
    accept: (opened: Opened) => Promise<void>,
    end?: number,
  ): AsyncGenerator<Uint8Array> {
    const watch = new Watch(this.place.address, this.#signal, this.#pace.stallMs);
    try {
      const opened = await watch.over((signal) => this.place.open(offset, validator, signal, end));
      // Platform fact: Safari before 27 cannot iterate a ReadableStream, so this uses a reader.
      const reader = opened.stream.getReader();
      try {
        await accept(opened);
        for (;;) {
          const { done, value } = await watch.over(() => reader.read());
          if (done) return;
          yield value;
          release(value.buffer);
        }
      } finally {
        reader.cancel().catch(() => {});
      }
    } finally {
      watch.end();
    }
  }

  /** Something has arrived; `position` is the end of it. */
  arrived(position: number): void {
    if (position <= this.#furthest) return;
    this.#furthest = position;
    this.#reached = true;
    this.#failures = 0;
  }

  /** Turns to the next place after a failure and waits as long as that takes. Throws it where nothing is left to try. */
  async next(failure: unknown): Promise<void> {
    if (!(failure instanceof PlaceError)) throw failure;
    const [place, ...others] = this.#places as [Place, ...Place[]];
    this.#places = failure.lasting ? others : [...others, place];
    if (this.#places.length === 0) throw failure;
    if (offline() && this.#reached) return this.#online(failure);
    if (failure.code === 'offline') throw failure;
    this.#reached ||= failure.busy;
    this.#failures++;
    const round = Math.floor(this.#failures / this.#places.length);
    const rounds = this.#reached ? this.#pace.rounds : Math.min(2, this.#pace.rounds);
    if (round > rounds) throw failure;
    if (this.#failures % this.#places.length > 0) return;
    const wait = this.#pace.backoffMs * 2 ** (round - 1) * (0.75 + Math.random() / 2);
    await this.#wait(Math.min(MOST_WAIT_MS, Math.max(wait, failure.waitMs)), null);
  }

  /** Waits for the device to be online again. */
  async #online(failure: PlaceError): Promise<void> {
    await this.#wait(this.#pace.offlineMs, 'online');
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

export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new PocketbitError('aborted', 'Loading was stopped.');
}

/** Ends a request that stalls, or that nobody wants any more. */
class Watch {
  readonly #address: string;
  readonly #outer: AbortSignal;
  readonly #stallMs: number;
  readonly #request = new AbortController();
  readonly #abort = () => this.#request.abort();

  constructor(address: string, outer: AbortSignal, stallMs: number) {
    this.#address = address;
    this.#outer = outer;
    this.#stallMs = stallMs;
    outer.addEventListener('abort', this.#abort);
    if (outer.aborted) this.#abort();
  }

  /** Waits for the next of the request. Errors: `PlaceError`, `aborted`. */
  async over<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#request;
    let wake = () => {};
    // A stream that is no fetch does not know the signal, so nobody waits for it longer than the signal does.
    const ended = new Promise<never>((_, reject) => {
      wake = () => reject(new DOMException('stalled', 'AbortError'));
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
    const timer = setTimeout(this.#abort, this.#stallMs);
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
    return new PlaceError(
      'network',
      `${this.#address} sent nothing for ${this.#stallMs / 1000} s. Load again: what has arrived is kept.`,
      { cause: error },
    );
  }

  /** Ends the request, whatever it still does. */
  end(): void {
    this.#outer.removeEventListener('abort', this.#abort);
    this.#abort();
  }
}
