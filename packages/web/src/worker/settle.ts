import { kernelNeeds } from '@pocketbit/core';
import type { Context, Stop } from './context.ts';
import { pause } from './pause.ts';
import type { LoadedModel } from './session.ts';

/** A request that comes right after the load meets no warm-up; a step of that would hold it up. */
const PEACE_MS = 50;
/** Longest the engine is warmed up, milliseconds. */
const WARM_MS = 200;
/** A model whose token takes longer brings its kernels to speed within its first request, and is not to delay that. */
const SLOW_TOKEN_MS = 10;
const PROMPT_TOKENS = 16;

/**
 * What a model does after its load while nobody asks for anything: it reads `ids`, what an earlier worker held, then
 * runs itself warm, then times kernels.
 */
export async function settle(
  model: LoadedModel,
  idle: () => boolean,
  ids: readonly number[] = [],
): Promise<void> {
  try {
    await new Promise((resolve) => setTimeout(resolve, PEACE_MS));
    if (ids.length > 0 && idle()) await model.context.become(ids, whenBusy(idle));
    await warmUp(model.context, idle);
    await model.choice.measureIdle(kernelNeeds(model.plan), idle);
  } catch {
    // The next request meets the same failure and reports it.
  }
}

function whenBusy(idle: () => boolean): Stop {
  return {
    get aborted() {
      return !idle();
    },
  };
}

/** Runs prompts and tokens behind the context, which stays as it is, until the engine has optimised its code. */
export async function warmUp(context: Context, idle: () => boolean): Promise<void> {
  const start = performance.now();
  while (idle() && performance.now() - start < WARM_MS) {
    const began = performance.now();
    context.rehearse(PROMPT_TOKENS);
    context.rehearse(1);
    if (performance.now() - began > PROMPT_TOKENS * SLOW_TOKEN_MS) return;
    await pause();
  }
}
