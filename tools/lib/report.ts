/** One measured number beside what it should be. */
export interface Figure {
  readonly label: string;
  /** The figure with its unit. */
  readonly value: string;
  /** As the issue words it. */
  readonly target: string;
  readonly pass: boolean;
}

export interface Context {
  /** The longer form of a check. */
  readonly full: boolean;
  /** Prints a line that is no figure. */
  note(text: string): void;
}

/** A promise and how it is shown. */
export interface Check {
  readonly title: string;
  run(context: Context): Promise<Figure[]>;
}

/** Checks by name; one that is loaded first stands as the function that does it. */
export type Topic = Readonly<Record<string, Check | (() => Promise<Check>)>>;

/** A figure that must be at least or at most a number. */
export function bounded(
  label: string,
  value: number,
  bound: { min: number } | { max: number },
  show: (value: number) => string,
): Figure {
  const atLeast = 'min' in bound;
  const limit = atLeast ? bound.min : bound.max;
  return {
    label,
    value: show(value),
    target: `${atLeast ? '≥' : '≤'} ${show(limit)}`,
    pass: atLeast ? value >= limit : value <= limit,
  };
}

/** Runs the checks, prints every figure, and returns how many figures fell short. */
export async function runChecks(checks: Topic, full: boolean): Promise<number> {
  let failures = 0;
  for (const [name, given] of Object.entries(checks)) {
    const start = performance.now();
    const check = typeof given === 'function' ? await given() : given;
    console.log(`\n${name}: ${check.title}`);
    const figures = await figuresOf(check, full);
    for (const figure of figures) printFigure(figure);
    failures += figures.filter(({ pass }) => !pass).length;
    console.log(`  (${seconds(performance.now() - start)})`);
  }
  return failures;
}

async function figuresOf(check: Check, full: boolean): Promise<Figure[]> {
  const note = (text: string) => console.log(`  ${text.replaceAll('\n', '\n  ')}`);
  try {
    return await check.run({ full, note });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ label: 'ran to its end', value: reason, target: 'no error', pass: false }];
  }
}

function printFigure({ label, value, target, pass }: Figure): void {
  console.log(`  ${pass ? 'PASS' : 'FAIL'} ${label}: ${value} (${target})`);
}

export function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}
