import {
  type GgufHeader,
  type ModelPlan,
  type PlanOptions,
  PocketbitError,
  planModel,
} from '@pocketbit/core';
import type { EngineExports } from './exports.ts';
import { type SizedPlan, sizePlan } from './memory.ts';

/** Where a model does not fit: `refuse` it (default), `shrink` its context, or `ignore` the budget and earlier crashes. */
export type FitPolicy = 'refuse' | 'shrink' | 'ignore';

/** How a model fits on this device, known from its header alone. Sizes in bytes. */
export type Fit = {
  fits: boolean;
  /** Positions of the KV cache that this speaks of. */
  contextLength: number;
  /** Weights, KV cache, scratch and tokenizer. */
  neededBytes: number;
  weightBytes: number;
  kvBytes: number;
  budgetBytes: number;
  /** The largest context that fits; null where none is worth it. */
  suggestedContext: number | null;
};

/** What counts the bytes. */
type Counter = Pick<EngineExports, 'memoryPlan'>;

/** Contexts are made smaller in steps of this many positions. */
const STEP = 64;
/** A context below this is no use for a conversation. */
const MIN_CONTEXT = 256;
/** The default context of a model that was made for as much. */
const DEFAULT_CONTEXT = 2048;
/** More than a wasm32 memory holds: the minimum that a refused plan takes. */
const TOO_MUCH = 2 ** 32;

/** What a model may take here. Without a budget everything fits that wasm32 can address. */
export interface Limits {
  budgetBytes?: number | undefined;
  fit?: FitPolicy | undefined;
  /** Most positions of the KV cache, after a crash. */
  maxContext?: number | undefined;
}

/**
 * The plan to load: as asked for where it fits, with a smaller context where that is allowed or a crash advises it. Throws
 * `does-not-fit` with the numbers as its details. `asked` is the plan of these options where it is made already.
 */
export function planToFit(
  counter: Counter,
  header: GgufHeader,
  options: PlanOptions,
  limits: Limits,
  asked = planAsked(header, options),
): Planned {
  if (limits.fit === 'ignore') {
    return { plan: sizePlan(counter, asked ?? planModel(header, options)), reducedFrom: null };
  }
  const { plan, fit, wanted } = fitOf(counter, header, options, limits, asked);
  const reducedFrom = (chosen: SizedPlan) => (chosen.config.context < wanted ? wanted : null);
  if (plan && fit.fits) return { plan, reducedFrom: reducedFrom(plan) };
  if (limits.fit !== 'shrink' || fit.suggestedContext === null) throw refusal(fit);
  const chosen = { ...options, contextLength: fit.suggestedContext };
  const smaller = sizePlan(counter, planModel(header, chosen));
  return { plan: smaller, reducedFrom: reducedFrom(smaller) };
}

/** The plan to load. */
export interface Planned {
  plan: SizedPlan;
  /** Positions that were asked for, where the plan has fewer; else null. */
  reducedFrom: number | null;
}

/** How a model fits, by its header alone. */
export function fitOf(
  counter: Counter,
  header: GgufHeader,
  options: PlanOptions,
  { budgetBytes, maxContext }: Limits,
  asked = planAsked(header, options),
) {
  const budget = budgetBytes ?? TOO_MUCH;
  const at = (contextLength: number) =>
    sized(counter, planAsked(header, { ...options, contextLength }));
  const wished = sized(counter, asked);
  const wanted = wished?.config.context ?? options.contextLength ?? DEFAULT_CONTEXT;
  const careful = Math.min(wanted, maxContext ?? wanted);
  const plan = careful < wanted ? at(careful) : wished;
  const needed = plan ? bytesOf(plan) : TOO_MUCH;
  const fit: Fit = {
    fits: needed <= budget,
    contextLength: careful,
    neededBytes: needed,
    weightBytes: plan?.weightBytes ?? 0,
    kvBytes: plan?.kvBytes ?? 0,
    budgetBytes: budget,
    suggestedContext:
      needed <= budget ? careful : largest(careful, (n) => bytesOf(at(n)) <= budget),
  };
  return { plan, fit, wanted };
}

/** The largest multiple of `STEP` below `limit` that fits; null where even the smallest does not. */
function largest(limit: number, fits: (context: number) => boolean): number | null {
  let [low, high] = [MIN_CONTEXT / STEP, Math.ceil(limit / STEP)];
  if (low >= high || !fits(low * STEP)) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle * STEP)) low = middle;
    else high = middle;
  }
  return low * STEP;
}

function bytesOf(plan: SizedPlan | null): number {
  return plan ? plan.residentBytes + plan.tokenizerBytes : TOO_MUCH;
}

/** The plan before its bytes are counted, or null where no wasm32 memory holds one of its tensors. */
export function planAsked(header: GgufHeader, options: PlanOptions): ModelPlan | null {
  return orNull(() => planModel(header, options));
}

/** The plan with its bytes, or null where no wasm32 memory holds it. */
function sized(counter: Counter, plan: ModelPlan | null): SizedPlan | null {
  return plan && orNull(() => sizePlan(counter, plan));
}

/** What `make` gives, or null where it throws `does-not-fit`. */
function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof PocketbitError && error.code === 'does-not-fit') return null;
    throw error;
  }
}

function refusal(fit: Fit): PocketbitError {
  const { contextLength, neededBytes, budgetBytes, suggestedContext } = fit;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const advice = suggestedContext
    ? `Load it with a context of ${suggestedContext}, or with fit: 'shrink'`
    : 'Choose a smaller model';
  return new PocketbitError(
    'does-not-fit',
    `The model takes ${megabytes(neededBytes)} with a context of ${contextLength}; this device is given ${megabytes(budgetBytes)}. ${advice}, or raise memoryBudget.`,
    { details: fit },
  );
}
