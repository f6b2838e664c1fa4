/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share (0 to 1) of the values lies, interpolated linearly; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The differences of neighbouring times. */
export function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time - times[i]!);
}

/** Gaps that are averaged before they are compared: a browser's clock goes in steps of 0.1 to 1 ms. */
const TOGETHER = 8;

/** The gap between `times` when nothing disturbs: the lower quartile of means of eight gaps each; NaN of none. */
export function quietGap(times: readonly number[]): number {
  const spans = Math.max(1, Math.floor((times.length - 1) / TOGETHER));
  const size = Math.min(TOGETHER, times.length - 1);
  const means = Array.from(
    { length: spans },
    (_, i) => (times[(i + 1) * size]! - times[i * size]!) / size,
  );
  return quantile(means, 0.25);
}

export type Point = readonly [x: number, y: number];

/**
 * Coefficients c of `y = c[0] + c[1]·x + … + c[degree]·x^degree` with the least relative squared error, none negative:
 * a cost has no negative part. The weights 1/y² let a small y count as much as a large one.
 */
export function fitCost(points: readonly Point[], degree: number): number[] {
  let terms = Array.from({ length: degree + 1 }, (_, power) => power);
  for (;;) {
    const found = solve(points, terms);
    const negative = terms.filter((_, i) => found[i]! < 0);
    if (negative.length === 0) {
      return Array.from({ length: degree + 1 }, (_, power) => found[terms.indexOf(power)] ?? 0);
    }
    const worst = terms[found.indexOf(Math.min(...found))]!;
    terms = terms.filter((term) => term !== worst);
  }
}

/** `fitCost`'s value at x. */
export function costAt(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, c, power) => sum + c * x ** power, 0);
}

/** Weighted normal equations of the chosen powers, by elimination; x is scaled to at most 1 for its condition. */
function solve(points: readonly Point[], terms: readonly number[]): number[] {
  const widest = Math.max(...points.map(([x]) => x));
  const rows = points.map(([x, y]) => terms.map((term) => (x / widest) ** term / y));
  const matrix = terms.map((_, i) => [
    ...terms.map((_, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row) => sum + row[i]!, 0),
  ]);
  eliminate(matrix);
  return terms.map((term, i) => matrix[i]!.at(-1)! / widest ** term);
}

function eliminate(matrix: number[][]): void {
  for (const [i, row] of matrix.entries()) {
    const pivot = row[i]!;
    for (let k = 0; k < row.length; k++) row[k] = row[k]! / pivot;
    for (const [j, other] of matrix.entries()) {
      const factor = other[i]!;
      if (j !== i) for (let k = 0; k < other.length; k++) other[k] = other[k]! - factor * row[k]!;
    }
  }
}
