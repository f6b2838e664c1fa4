import { PocketbitError } from '@pocketbit/core';
import { linked, refuseAborted } from '../abort.ts';
import type { LoadProgress } from '../protocol.ts';
import { downloadLock, hold, locksUsable } from './locks.ts';
import { TabChannel } from './tab-channel.ts';

/** A waiting tab pings the holder of the lock this often. */
const PING_MS = 1000;
/** Unanswered pings after which the lock is stolen. Platform fact: iOS freezes a hidden tab with its locks held. */
const MAX_UNANSWERED = 2;
/** Without Web Locks a load of a model that nobody has begun pings too, so there the interval is short. */
const FIRST_PING_MS = 100;

export interface LockedJob {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  /** The download that was begun and not finished, if there is one: by a tab that may be too busy to answer at once. */
  begun?(): Promise<unknown>;
}

/** Work on a model in the store. Its `signal` is aborted also when another tab steals the lock. */
export type LockedWork<T> = (job: LockedJob) => Promise<T>;

/**
 * Does `work` on a model while no other tab does. A tab that waits reports the holder's progress, with `elsewhere`; where
 * the holder is frozen, it steals the lock, and the holder's work begins again once the lock is free.
 */
export async function withDownloadLock<T>(
  source: string,
  job: LockedJob,
  work: LockedWork<T>,
): Promise<T> {
  const lock = downloadLock(source);
  if (!(await locksUsable())) return withoutLocks(lock, job, work);
  let found = await underLock(lock, { ifAvailable: true }, job, work);
  while (!found) {
    const holder = new HolderWatch(lock, job);
    const waiting = { signal: holder.stop.signal };
    found = await underLock(lock, waiting, job, (own) => {
      holder.end();
      return work(own);
    }).finally(() => holder.end());
    if (!found && holder.silent) found = await underLock(lock, { steal: true }, job, work);
  }
  return found.value;
}

/**
 * Without Web Locks (pages over plain HTTP, site data blocked): pings until nobody answers. Where two tabs begin at the
 * same moment the store refuses one of them with `busy`, and that one pings again.
 */
async function withoutLocks<T>(lock: string, job: LockedJob, work: LockedWork<T>): Promise<T> {
  for (;;) {
    if (await holderAnswers(lock, job, (await job.begun?.()) ? PING_MS : FIRST_PING_MS)) continue;
    try {
      return await asHolder(lock, job, work);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof PocketbitError && error.code === 'busy';
}

/** Waits until no tab answers as the holder; whether one did. Errors: `aborted`. */
async function holderAnswers(lock: string, job: LockedJob, pingMs: number): Promise<boolean> {
  refuseAborted(job.signal);
  const holder = new HolderWatch(lock, job, pingMs);
  await new Promise((resolve) => holder.stop.signal.addEventListener('abort', resolve));
  holder.end();
  refuseAborted(job.signal);
  return holder.answered;
}

/** The value of `work` under the lock; null where the lock was not to be had, or was stolen before the work was done. */
async function underLock<T>(
  lock: string,
  options: LockOptions,
  job: LockedJob,
  work: LockedWork<T>,
): Promise<{ value: T } | null> {
  const lease = await hold(lock, options);
  if (lease) {
    const stop = linked(job.signal);
    const stolen = lease.ended.then((end) => {
      if (end === 'stolen') stop.abort();
      return end === 'stolen';
    });
    const working = asHolder(lock, { ...job, signal: stop.signal }, work);
    await Promise.allSettled([working]);
    lease.release();
    const lost = await stolen;
    try {
      return { value: await working };
    } catch (error) {
      // A page that wakes up may learn from the store, before it learns from the lock, that it was superseded.
      if (!lost && !isBusy(error)) throw error;
    }
  }
  refuseAborted(job.signal);
  return null;
}

/** Does the work as the holder of the lock: answers the pings of other tabs, and sends them its progress. */
async function asHolder<T>(lock: string, job: LockedJob, work: LockedWork<T>): Promise<T> {
  const channel = new TabChannel(lock, ({ type }) => {
    if (type === 'ping') channel.send({ type: 'pong' });
  });
  channel.send({ type: 'pong' });
  const report = (progress: LoadProgress) => {
    job.report(progress);
    channel.send({ type: 'progress', progress });
  };
  return work({ ...job, report }).finally(() => channel.close());
}

/** Watches the holder of a lock. `stop` is aborted when the holder is silent, or with the job. */
class HolderWatch {
  /** The holder has left pings unanswered. */
  silent = false;
  answered = false;
  readonly stop: AbortController;
  readonly #channel: TabChannel;
  readonly #timer: ReturnType<typeof setInterval>;
  #unanswered = 0;

  constructor(lock: string, { signal, report }: LockedJob, pingMs = PING_MS) {
    this.stop = linked(signal);
    this.#channel = new TabChannel(lock, (message) => {
      if (message.type === 'ping') return;
      this.answered = true;
      this.#unanswered = 0;
      if (message.type === 'progress') report({ ...message.progress, elsewhere: true });
    });
    this.#timer = setInterval(() => this.#ping(), pingMs);
    this.#ping();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#channel.close();
  }

  #ping(): void {
    if (this.#unanswered++ < MAX_UNANSWERED) {
      this.#channel.send({ type: 'ping' });
      return;
    }
    this.silent = true;
    this.stop.abort();
  }
}
