import type { Clock } from './clock.ts';
import type { Context } from './context.ts';

/** Longest the engine is warmed up, milliseconds. */
const WARM_MS = 200;
/** A model whose token takes longer brings its kernels to speed within its first request, and is not to delay that. */
const SLOW_TOKEN_MS = 10;
const PROMPT_TOKENS = 16;

/** Runs prompts and tokens behind the context, which stays as it is, until the engine has optimised its code. */
export async function warmUp(context: Context, clock: Clock, idle: () => boolean): Promise<void> {
  const start = clock.now();
  while (idle() && clock.now() - start < WARM_MS) {
    const began = clock.now();
    context.rehearse(PROMPT_TOKENS);
    context.rehearse(1);
    if (clock.now() - began > PROMPT_TOKENS * SLOW_TOKEN_MS) return;
    await clock.pause();
  }
}
