import { type Clock, sleepWith } from '@pocketbit/engine';

/** The worker's time. Measurement: setTimeout(0) costs 4 ms once nested; a message costs microseconds. */
class WorkerClock implements Clock {
  readonly sleep = sleepWith(setTimeout, clearTimeout);
  readonly #channel = new MessageChannel();
  readonly #waiting: (() => void)[] = [];

  constructor() {
    this.#channel.port1.onmessage = () => this.#waiting.shift()?.();
  }

  now(): number {
    return performance.now();
  }

  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#channel.port2.postMessage(null);
    });
  }
}

export const workerClock: Clock = new WorkerClock();
