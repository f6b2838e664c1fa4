import { PocketbitError } from '@pocketbit/core';
import { TabChannel, type TabMessage, usableLocks } from './tab-channel.ts';

const LOCK = 'pocketbit-engine';
/** A tab that has the engine answers within that time, or it is frozen. */
const ANSWER_MS = 2000;
/** Longest it may take to save what it was doing. */
const YIELD_MS = 5000;
/** A page that closes a model to load another keeps the engine so long. */
const GRACE_MS = 500;

/** The tab that has the engine, seen from one that waits for it. */
export interface OtherTab {
  /** Takes the engine over: the other tab saves what it does and closes its model; where it is frozen, without its word. */
  takeOver(): void;
}

/** Why a tab loses the engine: another one asked for it, or took it while this one was frozen. */
export type YieldReason = 'asked' | 'stolen';

export interface TabOptions {
  /**
   * Whether every tab has an engine of its own (`each`, default), or one tab of the origin at a time (`one`); `load` then
   * waits until it is this one. Without Web Locks (pages over plain HTTP) it is always `each`.
   */
  tabs?: 'one' | 'each';
  /** With `tabs: 'one'`: another tab has the engine. It comes here when that tab closes, or by `takeOver`. */
  onElsewhere?: (other: OtherTab) => void;
  /**
   * With `tabs: 'one'`: another tab takes the engine over. The model is closed once the promise settles, at most 5 s
   * later; a load that still runs fails with `aborted`. Load again to wait for it.
   */
  onYield?: (reason: YieldReason) => void | Promise<void>;
}

/** One model's share of the engine that this page has. */
export interface Place {
  /** Aborted when the engine goes before the model is there. */
  readonly signal: AbortSignal;
  /** How the model is closed when the engine goes. */
  close: () => Promise<void>;
  leave(): void;
}

type Request = TabOptions & { signal?: AbortSignal };

let here: Seat | null = null;

/** Waits until this page has the engine. Errors: `aborted`. */
export async function takePlace(request: Request): Promise<Place> {
  if (!(await usableLocks())) return new Seat().place(request);
  const free = here ? null : await grab({ ifAvailable: true });
  if (free) here = free;
  const seat = here ?? (await new Queue(request).seat);
  return seat.place(request);
}

/** The lock as a seat; null where it is not to be had, or another tab was quicker. */
function grab(options: LockOptions): Promise<Seat | null> {
  return new Promise((resolve) => {
    const seat = new Seat();
    const hold = (lock: Lock | null) => {
      if (!lock) return resolve(null);
      resolve(seat);
      return seat.held();
    };
    navigator.locks.request(LOCK, options, hold).catch(() => {
      resolve(null);
      void seat.lose('stolen');
    });
  });
}

/** The engine, while this page has it. */
class Seat {
  readonly #places = new Map<Place, Request>();
  #release = () => {};
  #channel: TabChannel | null = null;
  #over = false;

  /** Settles when the lock is let go. */
  held(): Promise<void> {
    this.#channel = new TabChannel(LOCK, (message) => void this.#hear(message));
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  place(request: Request): Place {
    const stop = new AbortController();
    request.signal?.addEventListener('abort', () => stop.abort());
    if (request.signal?.aborted || this.#over) stop.abort();
    const place: Place = {
      signal: stop.signal,
      close: async () => stop.abort(),
      leave: () => {
        this.#places.delete(place);
        setTimeout(() => {
          if (this.#places.size === 0 && !this.#over) this.end();
        }, GRACE_MS);
      },
    };
    this.#places.set(place, request);
    return place;
  }

  /** Closes what runs here, once it is saved. */
  async lose(reason: YieldReason): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    if (here === this) here = null;
    const all = [...this.#places];
    const saved = Promise.allSettled(all.map(async ([, request]) => request.onYield?.(reason)));
    await Promise.race([saved, sleep(YIELD_MS)]);
    await Promise.allSettled(all.map(([place]) => place.close()));
    if (reason === 'stolen') this.end();
  }

  /** The asking tab takes the lock itself, so that none that waits gets between; if it has gone, the lock is let go. */
  async #hear({ type, ...message }: TabMessage): Promise<void> {
    if (type !== 'ask' || !('from' in message) || this.#over) return;
    this.#channel?.say({ type: 'yielding', ...message });
    await this.lose('asked');
    this.#channel?.say({ type: 'yielded', ...message });
    await sleep(ANSWER_MS);
    this.end();
  }

  /** Lets the lock go. */
  end(): void {
    this.#over = true;
    if (here === this) here = null;
    this.#channel?.close();
    this.#release();
  }
}

const queues = new Set<Queue>();

/** One that waits for the engine: in line while its page is seen, and by its user's word. */
class Queue {
  readonly seat: Promise<Seat>;
  readonly #name = String(Math.random());
  readonly #channel: TabChannel;
  readonly #end = new AbortController();
  #resolve!: (seat: Seat) => void;
  #inLine = new AbortController();
  #stealing: ReturnType<typeof setTimeout> | undefined;

  constructor({ signal, onElsewhere }: Request) {
    this.#channel = new TabChannel(LOCK, (message) => {
      if (!('from' in message) || message.from !== this.#name) return;
      this.#stealIn(message.type === 'yielded' ? 0 : YIELD_MS + ANSWER_MS);
    });
    const until = { signal: this.#end.signal };
    this.seat = new Promise<Seat>((resolve, reject) => {
      this.#resolve = resolve;
      const abort = () => reject(new PocketbitError('aborted', 'Loading was stopped.'));
      signal?.addEventListener('abort', abort, until);
      if (signal?.aborted) abort();
    }).finally(() => this.#leave());
    queues.add(this);
    document.addEventListener('visibilitychange', () => this.#line(), until);
    this.#line();
    queueMicrotask(() => onElsewhere?.({ takeOver: () => this.#takeOver() }));
  }

  /** A hidden page does not load a model unseen, so it stands in no line. */
  #line(): void {
    this.#inLine.abort();
    this.#inLine = new AbortController();
    if (document.visibilityState === 'hidden') return;
    void grab({ signal: this.#inLine.signal }).then((seat) => this.#take(seat));
  }

  #takeOver(): void {
    if (!queues.has(this)) return;
    this.#stealIn(ANSWER_MS);
    this.#channel.say({ type: 'ask', from: this.#name });
  }

  #stealIn(ms: number): void {
    clearTimeout(this.#stealing);
    this.#stealing = setTimeout(async () => this.#take(await grab({ steal: true })), ms);
  }

  /** The seat is the page's: it serves all that wait here. */
  #take(seat: Seat | null): void {
    if (!seat) return;
    if (!queues.has(this)) {
      seat.end();
      return;
    }
    here = seat;
    for (const queue of queues) queue.#resolve(seat);
    queues.clear();
  }

  #leave(): void {
    queues.delete(this);
    clearTimeout(this.#stealing);
    this.#end.abort();
    this.#inLine.abort();
    this.#channel.close();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
