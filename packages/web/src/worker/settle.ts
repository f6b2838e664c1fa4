import { kernelNeeds } from '@pocketbit/core';
import type { Context } from './context.ts';
import { pause } from './pause.ts';
import type { LoadedModel } from './session.ts';

/** Longest the engine is warmed up, milliseconds. */
const WARM_MS = 200;
/** A model whose token takes longer brings its kernels to speed within its first request, and is not to delay that. */
const SLOW_TOKEN_MS = 10;
const PROMPT_TOKENS = 16;

/** What a model does after its load while nobody asks for anything: it runs itself warm, then times kernels. */
export async function settle(model: LoadedModel, idle: () => boolean): Promise<void> {
  try {
    await pause();
    await warmUp(model.context, idle);
    await model.choice.measureIdle(kernelNeeds(model.plan), idle);
  } catch {
    // The next request meets the same failure and reports it.
  }
}

/** Runs prompts and tokens through an empty context, which stays empty, until the engine has optimised its code. */
async function warmUp(context: Context, idle: () => boolean): Promise<void> {
  const start = performance.now();
  while (idle() && context.length === 0 && performance.now() - start < WARM_MS) {
    const began = performance.now();
    context.rehearse(Math.min(PROMPT_TOKENS, context.capacity));
    context.rehearse(1);
    if (performance.now() - began > PROMPT_TOKENS * SLOW_TOKEN_MS) return;
    await pause();
  }
}
