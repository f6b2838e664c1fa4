import { CrashReports } from '../coordination/crash-report.ts';
import { EngineLeases } from '../coordination/engine-lease.ts';
import { WakeLock } from './wake-lock.ts';

/** What all models of one page share. */
export class Page {
  readonly crashes = new CrashReports();
  readonly engine = new EngineLeases();
  readonly #wakeLock = new WakeLock();

  /** While `work` runs the screen stays on, and a page that is left or hidden says so in its crash marker. */
  working(work: Promise<unknown>): void {
    this.#wakeLock.during(work);
    this.crashes.noteLeaving(work);
  }
}
