import { PocketbitError } from '@pocketbit/core';
import { refuseAborted } from '../download/retry.ts';
import type { LoadProgress } from '../protocol.ts';
import { TabChannel, usableLocks } from './tab-channel.ts';

/** A tab that waits asks so often whether the holder of the lock lives. */
const BEAT_MS = 1000;
/** Beats without an answer after which its lock is taken away. Platform fact: iOS freezes a hidden tab with its locks held. */
const BEATS = 2;
/** Without Web Locks a load of a model that nobody has begun asks too, so there the beat is short. */
const FIRST_BEAT_MS = 100;

export interface TurnJob {
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  /** The download that was begun and not finished, if there is one: by a tab that may be too busy to answer at once. */
  begun?(): Promise<unknown>;
}

/** Work on a model's place in the store. `signal` ends it also when another tab has taken the lock away. */
export type Work<T> = (job: TurnJob) => Promise<T>;

/**
 * Does `work` on a model while no other tab does. Those that wait are told how far it is, with `elsewhere`; where the
 * holder of the lock is frozen, they take it away, and its work begins again once the lock is free.
 */
export async function inTurn<T>(source: string, job: TurnJob, work: Work<T>): Promise<T> {
  const lock = `pocketbit:${source}`;
  if (!(await usableLocks())) return byWord(lock, job, work);
  let found = await hold(lock, { ifAvailable: true }, job, work);
  while (!found) {
    const watch = new Watch(lock, job);
    const queued = hold(lock, { signal: watch.stop.signal }, job, (own) => {
      watch.end();
      return work(own);
    });
    found = await queued.finally(() => watch.end());
    if (!found && watch.silent) found = await hold(lock, { steal: true }, job, work);
  }
  return found.value;
}

/**
 * Without Web Locks (pages over plain HTTP, site data blocked): asks until nobody answers. Where two begin at the same
 * moment the store refuses one of them with `busy`, and that one asks again.
 */
async function byWord<T>(lock: string, job: TurnJob, work: Work<T>): Promise<T> {
  for (;;) {
    if (await heard(lock, job, (await job.begun?.()) ? BEAT_MS : FIRST_BEAT_MS)) continue;
    try {
      return await tellingOthers(lock, job, work);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof PocketbitError && error.code === 'busy';
}

/** Waits until no tab says that it is at work; whether one was. Rejects with the job's end. */
async function heard(lock: string, job: TurnJob, beatMs: number): Promise<boolean> {
  refuseAborted(job.signal);
  const watch = new Watch(lock, job, beatMs);
  await new Promise((resolve) => watch.stop.signal.addEventListener('abort', resolve));
  watch.end();
  refuseAborted(job.signal);
  return watch.heard;
}

/** The value of `work` under the lock; null where the lock was not to be had, or was taken away before the work was done. */
async function hold<T>(
  lock: string,
  options: LockOptions,
  job: TurnJob,
  work: Work<T>,
): Promise<{ value: T } | null> {
  const stop = linked(job.signal);
  let working: Promise<T> | undefined;
  const begin = (held: Lock | null) => {
    if (!held) return;
    working = tellingOthers(lock, { ...job, signal: stop.signal }, work);
    return Promise.allSettled([working]);
  };
  const kept = await navigator.locks.request(lock, options, begin).then(
    () => true,
    () => false,
  );
  if (!kept) stop.abort();
  try {
    if (working) return { value: await working };
  } catch (error) {
    // A page that wakes up may learn from the store, before it learns from the lock, that it was overtaken.
    if (kept && !isBusy(error)) throw error;
  }
  refuseAborted(job.signal);
  return null;
}

/** Does the work as the holder of the lock: answers the others' pings, and tells them how far it is. */
async function tellingOthers<T>(lock: string, job: TurnJob, work: Work<T>): Promise<T> {
  const channel = new TabChannel(lock, ({ type }) => {
    if (type === 'ping') channel.say({ type: 'pong' });
  });
  channel.say({ type: 'pong' });
  const report = (progress: LoadProgress) => {
    job.report(progress);
    channel.say({ type: 'progress', progress });
  };
  return work({ ...job, report }).finally(() => channel.close());
}

/** Follows the holder of a lock. Its signal aborts when that is silent, or with the job. */
class Watch {
  /** The holder has not answered. */
  silent = false;
  heard = false;
  readonly stop: AbortController;
  readonly #channel: TabChannel;
  readonly #beat: ReturnType<typeof setInterval>;
  #unanswered = 0;

  constructor(lock: string, { signal, report }: TurnJob, beatMs = BEAT_MS) {
    this.stop = linked(signal);
    this.#channel = new TabChannel(lock, (message) => {
      if (message.type === 'ping') return;
      this.heard = true;
      this.#unanswered = 0;
      if (message.type === 'progress') report({ ...message.progress, elsewhere: true });
    });
    this.#beat = setInterval(() => this.#ask(), beatMs);
    this.#ask();
  }

  end(): void {
    clearInterval(this.#beat);
    this.#channel.close();
  }

  #ask(): void {
    if (this.#unanswered++ < BEATS) {
      this.#channel.say({ type: 'ping' });
      return;
    }
    this.silent = true;
    this.stop.abort();
  }
}

/** A controller that is aborted with `signal`. */
export function linked(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return controller;
}
