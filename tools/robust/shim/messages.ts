// Messages between pages, workers and tabs. A delayed message holds up those behind it: a port keeps their order.
import { failure, meet, own, wait } from './core.ts';
import { DELAY_MS } from './fault.ts';
import { replace } from './wrap.ts';

type Post = (message: unknown, transfer?: unknown) => void;

const lines = new WeakMap<object, Promise<void>>();

export function shimMessages(): void {
  wrapPost(globalThis.BroadcastChannel?.prototype, 'channel.post');
  wrapPost(globalThis.MessagePort?.prototype, 'port.post');
  wrapPost(globalThis.Worker?.prototype, 'worker.post');
  wrapPost(globalThis.ServiceWorker?.prototype, 'serviceworker.post');
  // A dedicated worker's own postMessage.
  if ('DedicatedWorkerGlobalScope' in globalThis) wrapPost(globalThis, 'scope.post');
  shimWorkers();
}

function wrapPost(owner: object | undefined, kind: string): void {
  replace(
    owner,
    'postMessage',
    (real) =>
      function (this: unknown, ...input) {
        const mode = meet(kind);
        if (mode === 'throw') throw failure('DataCloneError');
        if (mode === 'drop') return;
        if (mode === 'junk') Reflect.apply(real, this, [null]);
        send(this as object, () => Reflect.apply(real as Post, this, input), mode);
        // What is transferred can be sent once.
        if (mode === 'twice' && !transfers(input[1])) Reflect.apply(real, this, input);
      },
  );
}

function send(target: object, go: () => void, mode: string | null): void {
  if (mode === 'delay') lines.set(target, wait(DELAY_MS));
  const line = lines.get(target);
  if (line) lines.set(target, line.then(go));
  else go();
}

function transfers(given: unknown): boolean {
  const list = Array.isArray(given) ? given : (given as { transfer?: unknown[] })?.transfer;
  return (list?.length ?? 0) > 0;
}

/** Workers get the shim before their own script, from the server. */
function shimWorkers(): void {
  const Real = globalThis.Worker;
  if (!Real) return;
  let started = 0;
  globalThis.Worker = class extends Real {
    constructor(url: string | URL, options?: WorkerOptions) {
      const mode = meet('worker.new');
      if (mode === 'throw') throw failure('SecurityError');
      super(shimmed(url, ++started, mode), options);
      const after = { 'dies-early': 20, dies: 150, 'dies-late': 600 }[mode ?? ''];
      if (after !== undefined) void wait(after).then(() => this.terminate());
      if (mode === 'error') void wait(150).then(() => this.dispatchEvent(new ErrorEvent('error')));
    }
  };
}

function shimmed(url: string | URL, started: number, mode: string | null): string {
  const setup = { realm: `${own.realm}w${started}`, fault: own.fault };
  const query = new URLSearchParams({
    for: new URL(url, location.href).href,
    setup: JSON.stringify(setup),
    ...(mode && { mode }),
  });
  return `/inject/worker.js?${query}`;
}
