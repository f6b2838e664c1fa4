// Locks, storage, WebAssembly, time and what else a browser may refuse.

import { failure, flush, meet, type realSetTimeout, report, wait } from './core.ts';
import { cramped } from './cramped.ts';
import { type Modes, replace, wrapAsync, wrapSync } from './wrap.ts';

const DAY_MS = 86_400_000;
const LATE_MS = 3000;

const refuse = (name: string): Modes => ({ reject: () => Promise.reject(failure(name)) });
const thrown = (name: string): Modes => ({
  throw: () => {
    throw failure(name);
  },
});

export function shimPlatform(): void {
  shimLocks();
  shimWasm();
  shimTime();
  const { prototype: storage } = globalThis.StorageManager ?? {};
  for (const name of ['estimate', 'persist', 'persisted']) {
    wrapAsync(storage, name, `storage.${name}`, refuse('UnknownError'));
  }
  for (const name of ['getItem', 'setItem']) {
    wrapSync(globalThis.Storage?.prototype, name, `session.${name}`, thrown('SecurityError'));
  }
  wrapAsync(globalThis.WakeLock?.prototype, 'request', 'wakelock', refuse('NotAllowedError'));
  const { prototype: container } = globalThis.ServiceWorkerContainer ?? {};
  wrapAsync(container, 'register', 'serviceworker.register', refuse('SecurityError'));
  wrapAsync(
    Reflect.get(globalThis, 'Clients')?.prototype,
    'claim',
    'clients.claim',
    refuse('InvalidStateError'),
  );
  shimConstructor(globalThis, 'AudioContext', 'audio', 'NotSupportedError');
  watch();
}

/** Everything that nobody handles is told to the server. */
function watch(): void {
  const { realm } = globalThis.pocketbitInject!;
  const tell = (message: unknown) =>
    report({ type: 'unhandled', realm, message: String((message as Error)?.stack ?? message) });
  globalThis.addEventListener('error', (event) => tell(event.error ?? event.message));
  globalThis.addEventListener('unhandledrejection', ({ reason }) => tell(reason));
  globalThis.addEventListener('pagehide', flush);
}

function shimLocks(): void {
  const { prototype } = globalThis.LockManager ?? {};
  const real = prototype?.request;
  wrapAsync(prototype, 'query', 'locks.query', refuse('UnknownError'));
  wrapAsync(prototype, 'request', 'locks.request', {
    ...refuse('InvalidStateError'),
    /** Another tab has it, where one would rather not wait. */
    busy: (go, input) => {
      const [, options] = input;
      const take = input.at(-1) as (lock: null) => unknown;
      const impatient = typeof options === 'object' && (options as LockOptions).ifAvailable;
      return impatient ? Promise.resolve(take(null)) : go();
    },
    /** Another tab takes it away. */
    stolen: (go, [name]) => {
      void wait(250).then(() =>
        real!.call(navigator.locks, name as string, { steal: true }, () => wait(50)),
      );
      return go();
    },
  });
}

function shimWasm(): void {
  const wasm = globalThis.WebAssembly;
  if (!wasm) return;
  watchMemory(wasm);
  const broken = new wasm.CompileError('injected');
  wrapSync(wasm, 'validate', 'wasm.validate', { false: () => false });
  const { compile } = wasm;
  wrapAsync(wasm, 'compile', 'wasm.compile', {
    reject: () => Promise.reject(broken),
    cramped: (_, [bytes]) => compile.call(wasm, cramped(bytes as BufferSource)),
  });
  for (const name of ['compileStreaming', 'instantiate', 'instantiateStreaming']) {
    wrapAsync(wasm, name, `wasm.${name}`, { reject: () => Promise.reject(broken) });
  }
  wrapSync(wasm.Memory.prototype, 'grow', 'wasm.grow', {
    throw: () => {
      throw new RangeError('injected');
    },
  });
  shimConstructor(wasm, 'Instance', 'wasm.instance', 'RangeError');
  shimConstructor(wasm, 'Module', 'wasm.module', 'RangeError');
  shimConstructor(wasm, 'Memory', 'wasm.memory', 'RangeError');
}

/** Instances that live, for those who watch their memory. */
function watchMemory(wasm: typeof WebAssembly): void {
  const instances: WeakRef<WebAssembly.Instance>[] = [];
  wasm.Instance = new Proxy(wasm.Instance, {
    construct(target, input): WebAssembly.Instance {
      const instance = Reflect.construct(target, input) as WebAssembly.Instance;
      instances.push(new WeakRef(instance));
      return instance;
    },
  });
  globalThis.pocketbitWasmBytes = () =>
    instances.reduce((sum, instance) => {
      const { memory } = instance.deref()?.exports ?? {};
      return sum + (memory instanceof wasm.Memory ? memory.buffer.byteLength : 0);
    }, 0);
}

function shimConstructor(owner: object, name: string, kind: string, error: string): void {
  const real: unknown = Reflect.get(owner, name);
  if (typeof real !== 'function') return;
  const value: object = new Proxy(real, {
    construct(target, input, called): object {
      if (meet(kind)) throw error === 'RangeError' ? new RangeError('injected') : failure(error);
      return Reflect.construct(target, input, called === value ? target : called);
    },
  });
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

function shimTime(): void {
  for (const name of ['setTimeout', 'setInterval']) {
    replace(
      globalThis,
      name,
      (real) =>
        function (this: unknown, ...input) {
          const [act, delay = 0, ...rest] = input as unknown[] as [
            () => void,
            number?,
            ...unknown[],
          ];
          const late = meet(`timer.${name}`) === 'late' ? LATE_MS : 0;
          return Reflect.apply(real as typeof realSetTimeout, globalThis, [
            act,
            delay + late,
            ...rest,
          ]);
        },
    );
  }
  shimClock();
}

/** The wall clock jumps at a call, and stays so. */
function shimClock(): void {
  const Real = Date;
  let offset = 0;
  globalThis.pocketbitJump = (ms) => {
    offset += ms;
  };
  const now = () => {
    const mode = meet('clock');
    if (mode) offset = mode === 'forward' ? DAY_MS : -DAY_MS;
    return Real.now() + offset;
  };
  globalThis.Date = new Proxy(Real, {
    construct: (target, input) => Reflect.construct(target, input.length === 0 ? [now()] : input),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
