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
