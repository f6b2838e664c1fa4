import * as Comlink from 'comlink';
import type { Reply, WorkerApi, WorkerEntry } from '../protocol.ts';

type Run = (command: keyof WorkerApi, input: unknown[]) => Promise<unknown>;

/**
 * The worker's entry does nothing but forward every command to `api.ts`, and answer pings itself.
 * Platform fact: WebKit evaluates a worker's entry module a second time when one of its chunks imports it. So the entry
 * shares no module with a chunk, and all else is behind this import.
 */
const loading = import('./api.ts').then(
  ({ ModelWorker }): Run => {
    const api = new ModelWorker();
    return (command, input) => Reflect.apply(api[command], api, input);
  },
  (error: unknown): Run => unreachable(error),
);

const own: Pick<WorkerEntry, 'ping'> = { ping: async () => {} };

// What is no command would throw in Comlink's listener, and count as a crash.
addEventListener('message', (event) => {
  const { path = [], argumentList = [] } = Object(event.data);
  const lists = Array.isArray(path) && Array.isArray(argumentList);
  if (!lists || argumentList.some((value) => !value)) event.stopImmediatePropagation();
});

Comlink.expose(
  new Proxy(own, {
    get: (_, command: keyof WorkerEntry) =>
      command === 'ping'
        ? own.ping
        : async (...input: unknown[]) => (await loading)(command, input),
  }),
);

/** Replies to every command with the reason why the rest of the runtime did not arrive. */
function unreachable(cause: unknown): Run {
  const message = `The runtime could not be fetched (${cause}). Serve its script files together and load again while online.`;
  return async (): Promise<Reply<never>> => ({ ok: false, error: { code: 'network', message } });
}
