import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Signal } from '../src/clock.ts';

/** Node's time. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  pause: () => wait(0),
  sleep: (ms: number, signal?: Signal) =>
    wait(ms, undefined, { signal: signal as AbortSignal }).catch(() => {}),
};
