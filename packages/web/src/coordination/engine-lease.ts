import { PocketbitError } from '@pocketbit/core';
import { linked } from '../abort.ts';
import { ENGINE_LOCK, hold, type Lease, locksUsable } from './locks.ts';
import { TabChannel, type TabMessage } from './tab-channel.ts';

/** A holder that does not answer within this time is frozen. */
const ANSWER_MS = 2000;
/** Longest the holder may take to save what it was doing. */
const YIELD_MS = 5000;
/** A page that closes a model to load another keeps the engine this long. */
const GRACE_MS = 500;

/** The tab that has the engine, seen from one that waits for it. */
export interface OtherTab {
  /** Takes the engine over: the other tab saves what it does and closes its model; where it is frozen, the lock is stolen. */
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

type Request = TabOptions & { signal?: AbortSignal };

/** The right of one model to run in this page. Several models of a page share its engine. */
export interface ModelLease {
  /** Aborted when the engine goes before the model is there. */
  readonly signal: AbortSignal;
  /** From now on `close` ends the model when the engine goes. */
  closeWith(close: () => Promise<void>): void;
  /** The model is gone, or will not come. */
  release(): void;
}

/** A model that runs under the page's engine, or the load that is to bring it. */
interface Borrower extends ModelLease {
  readonly request: Request;
  readonly stop: AbortController;
  close(): Promise<void>;
}

function borrow(request: Request, leave: () => void): Borrower {
  const stop = linked(request.signal);
  const model: Borrower = {
    request,
    stop,
    signal: stop.signal,
    close: async () => stop.abort(),
    closeWith: (close) => {
      model.close = close;
    },
    release: leave,
  };
  return model;
}

/** One page's share in the engine of the origin. */
export class EngineLeases {
  #held: HeldEngine | null = null;
  readonly #waiters = new Set<Waiter>();

  /** Waits until this page has the engine. Errors: `aborted`. */
  async acquire(request: Request): Promise<ModelLease> {
    if (!(await locksUsable())) return borrow(request, () => {});
    if (!this.#held) {
      const lease = await hold(ENGINE_LOCK);
      if (lease) this.#hold(lease);
    }
    const engine = this.#held ?? (await this.#wait(request));
    return engine.lend(request);
  }

  #hold(lease: Lease): HeldEngine {
    const engine = new HeldEngine(lease, () => {
      if (this.#held === engine) this.#held = null;
    });
    this.#held = engine;
    return engine;
  }

  async #wait(request: Request): Promise<HeldEngine> {
    const waiter: Waiter = new Waiter(request, (lease) => this.#granted(waiter, lease));
    this.#waiters.add(waiter);
    try {
      return await waiter.engine;
    } finally {
      this.#waiters.delete(waiter);
      waiter.end();
    }
  }

  /** The engine is the page's: it serves all that wait here. */
  #granted(waiter: Waiter, lease: Lease): void {
    if (!this.#waiters.has(waiter)) {
      lease.release();
      return;
    }
    const engine = this.#hold(lease);
    for (const other of this.#waiters) other.resolve(engine);
    this.#waiters.clear();
  }
}

/** The engine, while this page has it. */
class HeldEngine {
  readonly #borrowers = new Set<Borrower>();
  readonly #lease: Lease;
  readonly #channel: TabChannel;
  readonly #onGone: () => void;
  #over = false;

  /** `onGone` is called as soon as no further model may be opened under it. */
  constructor(lease: Lease, onGone: () => void) {
    this.#lease = lease;
    this.#onGone = onGone;
    this.#channel = new TabChannel(ENGINE_LOCK, (message) => void this.#receive(message));
    void lease.ended.then((end) => {
      if (end === 'stolen') void this.#lose('stolen');
    });
  }

  lend(request: Request): ModelLease {
    const model = borrow(request, () => {
      this.#borrowers.delete(model);
      setTimeout(() => {
        if (this.#borrowers.size === 0 && !this.#over) this.#end();
      }, GRACE_MS);
    });
    if (this.#over) model.stop.abort();
    this.#borrowers.add(model);
    return model;
  }

  /** Closes what runs here, once it is saved. */
  async #lose(reason: YieldReason): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#onGone();
    const all = [...this.#borrowers];
    const saved = Promise.allSettled(all.map(async ({ request }) => request.onYield?.(reason)));
    await Promise.race([saved, sleep(YIELD_MS)]);
    await Promise.allSettled(all.map((model) => model.close()));
    if (reason === 'stolen') this.#end();
  }

  /** The asking tab steals the lock, so that no other waiter gets between; if it has gone, the lock is released. */
  async #receive({ type, ...message }: TabMessage): Promise<void> {
    if (type !== 'ask' || !('from' in message) || this.#over) return;
    this.#channel.send({ type: 'yielding', ...message });
    await this.#lose('asked');
    this.#channel.send({ type: 'yielded', ...message });
    await sleep(ANSWER_MS);
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#onGone();
    this.#channel.close();
    this.#lease.release();
  }
}

/** One load that waits for the engine: in line while its page is visible, and by its user's word. */
class Waiter {
  readonly engine: Promise<HeldEngine>;
  resolve!: (engine: HeldEngine) => void;
  readonly #name = String(Math.random());
  readonly #channel: TabChannel;
  readonly #onGranted: (lease: Lease) => void;
  readonly #over = new AbortController();
  #inLine = new AbortController();
  #stealing: ReturnType<typeof setTimeout> | undefined;

  constructor({ signal, onElsewhere }: Request, onGranted: (lease: Lease) => void) {
    this.#onGranted = onGranted;
    this.#channel = new TabChannel(ENGINE_LOCK, (message) => {
      if (!('from' in message) || message.from !== this.#name) return;
      this.#stealIn(message.type === 'yielded' ? 0 : YIELD_MS + ANSWER_MS);
    });
    const until = { signal: this.#over.signal };
    this.engine = new Promise<HeldEngine>((resolve, reject) => {
      this.resolve = resolve;
      const abort = () => reject(new PocketbitError('aborted', 'Loading was stopped.'));
      signal?.addEventListener('abort', abort, until);
      if (signal?.aborted) abort();
    });
    document.addEventListener('visibilitychange', () => this.#queue(), until);
    this.#queue();
    queueMicrotask(() => onElsewhere?.({ takeOver: () => this.#takeOver() }));
  }

  end(): void {
    clearTimeout(this.#stealing);
    this.#over.abort();
    this.#inLine.abort();
    this.#channel.close();
  }

  /** A hidden page does not load a model unseen, so it stands in no line. */
  #queue(): void {
    this.#inLine.abort();
    this.#inLine = new AbortController();
    if (document.visibilityState === 'hidden') return;
    void this.#take({ signal: this.#inLine.signal });
  }

  #takeOver(): void {
    if (this.#over.signal.aborted) return;
    this.#stealIn(ANSWER_MS);
    this.#channel.send({ type: 'ask', from: this.#name });
  }

  #stealIn(ms: number): void {
    clearTimeout(this.#stealing);
    this.#stealing = setTimeout(() => void this.#take({ steal: true }), ms);
  }

  async #take(options: LockOptions): Promise<void> {
    const lease = await hold(ENGINE_LOCK, options);
    if (lease) this.#onGranted(lease);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
