import { type Clock, sleepWith } from '@pocketbit/engine';

/** Node's time. */
export const nodeClock: Clock = {
  now: () => performance.now(),

  /** Lets the terminal show the text and Ctrl-C act. */
  pause: () => new Promise((resolve) => setImmediate(resolve)),

  sleep: sleepWith(setTimeout, clearTimeout),
};
