// What a case is watched by: the time it takes, and the memory of this thread.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

const gc: () => void = runInNewContext('gc');

/** Frees what nothing holds any more. */
export function collect(): void {
  gc();
  // Buffers are swept beside the program: those of the first round are counted until the second.
  gc();
}

/** Bytes in use, garbage and buffers counted. */
export function memory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** Milliseconds since this call. */
export function clock(): () => number {
  const started = performance.now();
  return () => performance.now() - started;
}

/**
 * Milliseconds since this call: of the clock, or, where other programs held the processor, of the processor for this
 * whole process.
 */
export function stopwatch(): () => number {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - started, (user + system) / 1000);
  };
}
