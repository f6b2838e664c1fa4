import {
  type GgufHeader,
  type ModelPlan,
  type PlanOptions,
  PocketbitError,
  planModel,
} from '@pocketbit/core';
import type { Fit, OpenRequest } from '../protocol.ts';

/** Contexts are made smaller in steps of this many positions. */
const STEP = 64;
/** A context below this is no use for a conversation. */
const MIN_CONTEXT = 256;
/** The default context of a model that was made for as much. */
const DEFAULT_CONTEXT = 2048;
/** More than a wasm32 memory holds: the minimum that a refused plan takes. */
const TOO_MUCH = 2 ** 32;

/** What a model may take here. Without a budget everything fits that wasm32 can address. */
export type Limits = Pick<OpenRequest, 'budgetBytes' | 'fit' | 'maxContext'>;

/** What `load` accepts of a plan. */
export function planOptions({ contextLength, kv, head }: OpenRequest): PlanOptions {
  return { ...(contextLength && { contextLength }), ...(kv && { kv }), ...(head && { head }) };
}

/**
 * The plan to load: as asked for where it fits, with a smaller context where that is allowed or a crash advises it. Throws
 * `does-not-fit` with the numbers as its details.
 */
export function planToFit(header: GgufHeader, options: PlanOptions, limits: Limits): Planned {
  if (limits.fit === 'ignore') return { plan: planModel(header, options), reducedFrom: null };
  const { plan, fit, wanted } = fitOf(header, options, limits);
  const reducedFrom = (chosen: ModelPlan) => (chosen.config.context < wanted ? wanted : null);
  if (plan && fit.fits) return { plan, reducedFrom: reducedFrom(plan) };
  if (limits.fit !== 'shrink' || fit.suggestedContext === null) throw refusal(fit);
  const smaller = planModel(header, { ...options, contextLength: fit.suggestedContext });
  return { plan: smaller, reducedFrom: reducedFrom(smaller) };
}

interface Planned {
  plan: ModelPlan;
  /** Positions that were asked for, where the plan has fewer; else null. */
  reducedFrom: number | null;
}

/** How a model fits, by its header alone. */
export function fitOf(header: GgufHeader, asked: PlanOptions, { budgetBytes, maxContext }: Limits) {
  const max = budgetBytes ?? TOO_MUCH;
  const at = (contextLength: number) => attempt(header, { ...asked, contextLength });
  const wished = attempt(header, asked);
  const wanted = wished?.config.context ?? asked.contextLength ?? DEFAULT_CONTEXT;
  const careful = Math.min(wanted, maxContext ?? wanted);
  const plan = careful < wanted ? at(careful) : wished;
  const needed = plan ? bytesOf(plan) : TOO_MUCH;
  const fit: Fit = {
    fits: needed <= max,
    contextLength: careful,
    neededBytes: needed,
    weightBytes: plan?.weightBytes ?? 0,
    kvBytes: plan?.kvBytes ?? 0,
    budgetBytes: max,
    suggestedContext: needed <= max ? careful : largest(careful, (n) => bytesOf(at(n)) <= max),
  };
  return { plan, fit, wanted };
}

/** What a crash marker says of a plan. */
export function sizeOf({ config, residentBytes }: ModelPlan) {
  return { contextLength: config.context, residentBytes };
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

function bytesOf(plan: ModelPlan | null): number {
  return plan ? plan.residentBytes + plan.tokenizerBytes : TOO_MUCH;
}

/** The plan, or null where no wasm32 memory holds it. */
function attempt(header: GgufHeader, options: PlanOptions): ModelPlan | null {
  try {
    return planModel(header, options);
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
