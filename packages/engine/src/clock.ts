/** An AbortSignal, as far as this package looks at it. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Whether to stop; a `Signal` is one. */
export interface Stop {
  readonly aborted: boolean;
}

/** Time, as the environment gives it; milliseconds. */
export interface Clock {
  now(): number;
  /** Ends the current task, so that messages (an abort, for one) are seen, and goes on in the next. */
  pause(): Promise<void>;
  /** Waits for `ms`, or until the signal aborts. */
  sleep(ms: number, signal?: Signal): Promise<void>;
}

/**
 * A clock's `sleep` on the timers of an environment: `start` calls back after so many milliseconds, `stop` takes that back.
 */
export function sleepWith<T>(
  start: (done: () => void, ms: number) => T,
  stop: (timer: T) => void,
): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        stop(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = start(end, ms);
      signal?.addEventListener('abort', end);
      if (signal?.aborted) end();
    });
}
