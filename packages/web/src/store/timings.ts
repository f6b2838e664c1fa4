import { isFirstVersion, isListOf, isNumber, isRecordOf, isText, shape } from '@pocketbit/core';
import type { Artifact, KernelTiming, TimingStore } from '@pocketbit/engine';
import { get, set } from 'idb-keyval';
import { database } from './database.ts';

/** What was timed with one artifact, and in which engine and build; of any other it says nothing. */
interface Record {
  /** Absent in early records. */
  version?: 1 | undefined;
  engine: string;
  timings: KernelTiming[];
}

const isRecord = isRecordOf<Record>({
  version: isFirstVersion,
  engine: isText,
  timings: isListOf(
    isRecordOf<KernelTiming>({
      family: shape(isText),
      size: shape(isText),
      tokens: isNumber,
      rows: isNumber,
      k: isNumber,
      kernel: isText,
      gmacs: isNumber,
      gbs: isNumber,
      loads: isNumber,
    }),
  ),
});

/** A database of its own: the models' database is whole or absent, and never waits for this one. */
const use = database('pocketbit-kernels', 'timings');

/** The timings of kernels stored in this browser. Failures are silent: they cost a measurement, not a load. */
export class KernelTimings implements TimingStore {
  readonly #artifact: Artifact;
  readonly #engine: string;
  readonly #writable: boolean;

  /** `build` names the bytes of the artifact; the browser names itself. Writes nothing unless `writable`. */
  constructor(artifact: Artifact, build: string, writable: boolean) {
    this.#artifact = artifact;
    this.#writable = writable;
    const { userAgent = '', hardwareConcurrency = 0 } = globalThis.navigator ?? {};
    this.#engine = `${build} ${hardwareConcurrency} ${userAgent}`;
  }

  /** The timings of this very engine and build; none where nothing is stored. */
  async read(): Promise<KernelTiming[]> {
    try {
      const record = await get<unknown>(this.#artifact, use);
      return isRecord(record) && record.engine === this.#engine ? record.timings : [];
    } catch {
      return [];
    }
  }

  /** Replaces what is stored for the artifact. */
  async write(timings: readonly KernelTiming[]): Promise<void> {
    if (!this.#writable) return;
    const record: Record = { version: 1, engine: this.#engine, timings: [...timings] };
    try {
      await set(this.#artifact, record, use);
    } catch {
      // The next load times the kernels again.
    }
  }
}
