import { type ModelPlan, PocketbitError } from '@pocketbit/core';
import { coded, type EngineExports } from './exports.ts';

/** A plan with what it takes, known before any weight is fetched. Bytes. */
export interface SizedPlan extends ModelPlan {
  /** The packed weights. */
  readonly weightBytes: number;
  /** Keys and values of the whole context. */
  readonly kvBytes: number;
  /** Activations, attention scores, logits, RoPE tables and the context's ids. */
  readonly scratchBytes: number;
  /** The three above together: what the engine holds. */
  readonly residentBytes: number;
}

/** wasm32 addresses 4 GiB, of which the engine's code, stack and chunk in flight take a little. */
const MAX_RESIDENT_BYTES = 4 * 2 ** 30 - 64 * 2 ** 20;

/** What the engine will hold for a plan, by its own count. Throws `does-not-fit` for what no wasm32 memory holds. */
export function sizePlan(
  { memoryPlan }: Pick<EngineExports, 'memoryPlan'>,
  plan: ModelPlan,
): SizedPlan {
  const memory = coded(() => memoryPlan(plan.config, plan.tensors));
  const residentBytes = memory.weightBytes + memory.kvBytes + memory.scratchBytes;
  refuseOversized(residentBytes, plan.config.context);
  return { ...plan, ...memory, residentBytes };
}

function refuseOversized(residentBytes: number, context: number): void {
  if (residentBytes <= MAX_RESIDENT_BYTES) return;
  throw new PocketbitError(
    'does-not-fit',
    `the model takes ${residentBytes} bytes with a context of ${context} positions; ` +
      `WebAssembly memory holds ${MAX_RESIDENT_BYTES}; choose a smaller model or context`,
  );
}
