import { costAt, fitCost, type Point } from './statistics.ts';

/** A point that lies off its curve. */
export interface Jump {
  readonly at: number;
  readonly ms: number;
  readonly expectedMs: number;
}

/** What a curve of costs does. */
export interface CostCurve {
  /** Coefficients by power: of a token's time with the context, constant and per position; of a prompt's, with its square. */
  readonly coefficients: readonly number[];
  readonly jumps: readonly Jump[];
}

/** A point this much above its curve is a jump. */
const TOLERANCE = 0.2;
/** Less than this above it is the clock's step and no jump, milliseconds. */
const MIN_MS = 0.2;

/**
 * Fits the cost that attention explains, linear in the context for a token and quadratic in the length for a prompt, and
 * names every point above it: a step, or growth beyond that power.
 */
export function costCurve(points: readonly Point[], power: 1 | 2): CostCurve {
  const coefficients = fitCost(points, power);
  const jumps = points.flatMap(([x, ms]) => {
    // Each point against the curve of the others: a jump must not hide in a fit of its own.
    const others = fitCost(
      points.filter(([other]) => other !== x),
      power,
    );
    const expectedMs = costAt(others, x);
    const far = ms > expectedMs * (1 + TOLERANCE) + MIN_MS;
    return far && ms > costAt(coefficients, x) * (1 + TOLERANCE / 2)
      ? [{ at: x, ms, expectedMs }]
      : [];
  });
  return { coefficients, jumps };
}
