import { kernelNeeds } from '@pocketbit/engine';
import type { OpenedModel } from './open.ts';

/** A request that comes right after the load meets no warm-up; a step of that would hold it up. */
const PEACE_MS = 50;

/**
 * What a model does after its load while nobody asks for anything: it reads `ids`, what an earlier worker held, then
 * runs itself warm, then times kernels.
 */
export async function whenIdle(
  { model, choice }: OpenedModel,
  idle: () => boolean,
  ids: readonly number[] = [],
): Promise<void> {
  const busy = {
    get aborted() {
      return !idle();
    },
  };
  try {
    await model.clock.sleep(PEACE_MS);
    if (ids.length > 0 && idle()) await model.context.become(ids, busy);
    await model.warmUp(idle);
    await choice.measureIdle(kernelNeeds(model.plan), idle);
  } catch {
    // The next request meets the same failure and reports it.
  }
}
