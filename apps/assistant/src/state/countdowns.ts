/** Below this the two clocks differ by what rounding and a slewed clock make of them, ms. */
const DRIFT_MS = 2000;

/**
 * What is left until something falls due, by two clocks, of which the sooner decides. The wall clock alone goes on while a
 * device sleeps, but may be set back; `performance.now()` cannot be set, but stands still in sleep on some systems.
 */
export class Countdowns {
  /** When each is over by the steady clock, ms. */
  readonly #ends = new Map<string, number>();

  /** Milliseconds left until the wall clock shows `endsAt`, at most `longest`; 0 or less when it is over. */
  left(id: string, endsAt: number, longest = Number.POSITIVE_INFINITY): number {
    const wall = endsAt - Date.now();
    const steady = this.#ends.get(id);
    if (steady === undefined) {
      const left = Math.min(wall, longest);
      this.#ends.set(id, performance.now() + left);
      return left;
    }
    return Math.min(wall, steady - performance.now());
  }

  /** What the wall clock will show at the end, where it was set back since `endsAt` was written; else null. */
  corrected(id: string, endsAt: number, longest?: number): number | null {
    const left = this.left(id, endsAt, longest);
    return endsAt - Date.now() - left > DRIFT_MS ? Math.round(Date.now() + left) : null;
  }

  /** Forgets all but those that are counted still. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#ends.keys()) if (!ids.has(id)) this.#ends.delete(id);
  }
}
