type Use = (lock: Lock | null) => unknown;

interface Waiting {
  grant(): void;
}

/** Web Locks as far as they are used here, shared by all "tabs" of a unit test; Node 20 has none. */
export class FakeLocks {
  readonly #held = new Map<string, (reason: unknown) => void>();
  readonly #queue = new Map<string, Waiting[]>();

  async query(): Promise<LockManagerSnapshot> {
    return { held: [...this.#held.keys()].map((name) => ({ name })) };
  }

  request(name: string, options: LockOptions, use: Use): Promise<unknown> {
    if (options.steal) this.#held.get(name)?.(new DOMException('stolen', 'AbortError'));
    else if (this.#held.has(name)) {
      if (options.ifAvailable) return Promise.resolve(use(null));
      return this.#wait(name, options.signal, use);
    }
    return this.#run(name, use);
  }

  #wait(name: string, signal: AbortSignal | undefined, use: Use): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiting = { grant: () => resolve(this.#run(name, use)) };
      const queue = this.#queue.get(name) ?? [];
      this.#queue.set(name, [...queue, waiting]);
      signal?.addEventListener('abort', () => {
        const rest = this.#queue.get(name) ?? [];
        if (!rest.includes(waiting)) return;
        this.#queue.set(
          name,
          rest.filter((other) => other !== waiting),
        );
        reject(signal.reason);
      });
    });
  }

  #run(name: string, use: Use): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#held.set(name, reject);
      const end = () => {
        if (this.#held.get(name) !== reject) return;
        this.#held.delete(name);
        const [next, ...rest] = this.#queue.get(name) ?? [];
        this.#queue.set(name, rest);
        next?.grant();
      };
      const used = Promise.resolve(use({ name, mode: 'exclusive' }));
      used.finally(end).then(resolve, reject);
    });
  }
}
