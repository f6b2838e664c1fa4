import { type Clock, sleepWith } from '../src/clock.ts';

/** Node's time. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
  sleep: sleepWith(setTimeout, clearTimeout),
};
