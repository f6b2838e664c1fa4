import type { StoredModel } from 'pocketbit';
import type { Progress } from '../measure.ts';
import type { Result } from '../result.ts';

/** What the parts of the page show of the bench, and what they ask of it. */
export interface BenchView {
  readonly stored: StoredModel[];
  readonly progress: Progress | null;
  readonly problem: string;
  readonly result: Result | null;
  readonly saved: Result[];
  /** An address, `file` or `address`. */
  choice: string;
  /** What a button just did, read out. */
  announcement: string;
  /** Runs the bench on a model; a second call stops the first. */
  run(source: string | Blob, long: boolean): Promise<void>;
  stop(): void;
}
