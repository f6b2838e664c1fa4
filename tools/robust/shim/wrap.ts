import { asks, meet, meetLater, wait } from './core.ts';
import { DELAY_MS } from './fault.ts';

type Call = (this: unknown, ...input: never[]) => unknown;
/** What a mode does in place of the call; `go` makes the call. */
export type Modes = Readonly<Record<string, (go: () => unknown, input: unknown[]) => unknown>>;

/** Replaces a method by one that calls `make` with the method itself. */
export function replace(owner: object | undefined, name: string, make: (real: Call) => Call): void {
  const real: unknown = owner && Reflect.get(owner, name);
  if (!owner || typeof real !== 'function') return;
  const value = make(real as Call);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

/** Counts the calls of a method that returns a promise, and lets one of them fail by its mode; any may be delayed. */
export function wrapAsync(owner: object | undefined, name: string, kind: string, modes: Modes) {
  const act = (mode: string | null, go: () => unknown, input: unknown[]) => {
    if (mode === 'delay') return wait(DELAY_MS).then(go);
    return mode === null ? go() : modes[mode]!(go, input);
  };
  replace(
    owner,
    name,
    (real) =>
      function (this: unknown, ...input) {
        const go = () => Reflect.apply(real, this, input);
        if (asks) return meetLater(kind).then((mode) => act(mode, go, input));
        return act(meet(kind), go, input);
      },
  );
}

/** The same for one that answers at once. */
export function wrapSync(owner: object | undefined, name: string, kind: string, modes: Modes) {
  replace(
    owner,
    name,
    (real) =>
      function (this: unknown, ...input) {
        const mode = meet(kind);
        const go = () => Reflect.apply(real, this, input);
        return mode === null ? go() : modes[mode]!(go, input);
      },
  );
}
