import type { Artifact, KernelTiming, TimingStore } from '@pocketbit/engine';
import { createStore, get, set, type UseStore } from 'idb-keyval';

/** What was timed with one artifact, and in which engine and build; of any other it says nothing. */
interface Record {
  engine: string;
  timings: KernelTiming[];
}

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
      const record = await get<Record>(this.#artifact, database());
      return record?.engine === this.#engine ? record.timings : [];
    } catch {
      return [];
    }
  }

  /** Replaces what is stored for the artifact. */
  async write(timings: readonly KernelTiming[]): Promise<void> {
    if (!this.#writable) return;
    const record: Record = { engine: this.#engine, timings: [...timings] };
    try {
      await set(this.#artifact, record, database());
    } catch {
      // The next load times the kernels again.
    }
  }
}

/** A database of its own: the models' database is whole or absent, and never waits for this one. */
function database(): UseStore {
  return createStore('pocketbit-kernels', 'timings');
}
