import type { Clock, Signal } from '@pocketbit/engine';

/** Node's time. */
export const nodeClock: Clock = {
  now: () => performance.now(),

  /** Lets the terminal show the text and Ctrl-C act. */
  pause: () => new Promise((resolve) => setImmediate(resolve)),

  sleep: (ms: number, signal?: Signal) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end);
      if (signal?.aborted) end();
    }),
};
