// The worker's own timer, in a page's worker and in Node, for measurements that may take their time.
import { type Contender, Timer } from '@pocketbit/engine';

export type { Contender };

/** What a comparison of the timer takes of each. */
const ROUNDS = 5;
const WARM_UP_MS = 300;
const MAX_SAMPLES = 1200;
const SAME = 0.97;

/**
 * Milliseconds that a run of each contender takes: the least of `samples` short bursts in turns, so that what disturbs
 * one disturbs all, and of more until none becomes faster any more: on a busy machine optimised code may come late.
 */
export async function fastest(
  contenders: readonly Contender[],
  samples: number,
): Promise<number[]> {
  const timer = new Timer({ now: () => performance.now(), pause: async () => {} });
  const start = performance.now();
  while (performance.now() - start < WARM_UP_MS * contenders.length) await timer.warm(contenders);
  let best = contenders.map(() => Number.POSITIVE_INFINITY);
  for (let taken = 0, faster = true; taken < MAX_SAMPLES && (faster || taken < samples); ) {
    const before = best;
    const max = taken + samples / 4;
    for (; taken < max; taken += ROUNDS) {
      const times = await timer.compare(contenders);
      best = best.map((ms, i) => Math.min(ms, times[i]!));
    }
    faster = best.some((ms, i) => ms < before[i]! * SAME);
  }
  return best;
}
