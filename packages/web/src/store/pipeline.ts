/** Runs jobs one after the other beside the caller, at most `depth` of them waiting. After a failure no more are run. */
export class Pipeline {
  readonly #depth: number;
  #jobs: Promise<unknown>[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  constructor(depth: number) {
    this.#depth = depth;
  }

  /** Appends a job once there is room. Rejects with the error of an earlier one. */
  async add(job: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(job);
    // The failure is met by whoever awaits next; until then it is no unhandled rejection.
    this.#tail.catch(() => {});
    this.#jobs.push(this.#tail);
    if (this.#jobs.length > this.#depth) await this.#jobs.shift();
  }

  /** Resolves when every job is done. Rejects with the first failure; afterwards it takes jobs again. */
  async drain(): Promise<void> {
    const tail = this.#tail;
    this.#jobs = [];
    this.#tail = Promise.resolve();
    await tail;
  }
}
