import * as Comlink from 'comlink';
import type { Reply, WireError, WorkerApi } from '../protocol.ts';

/**
 * The worker's entry does nothing but forward to `api.ts`.
 * Platform fact: WebKit evaluates a worker's entry module a second time when one of its chunks imports it. So the entry
 * shares no module with a chunk, and all else is behind this import.
 */
const loading = import('./api.ts').then(
  ({ api }) => api,
  (error: unknown) => unreachable(error),
);

Comlink.expose({
  open: async (...input) => (await loading).open(...input),
  generate: async (...input) => (await loading).generate(...input),
  fit: async (...input) => (await loading).fit(...input),
  restore: async (...input) => (await loading).restore(...input),
  save: async (...input) => (await loading).save(...input),
  warm: async () => (await loading).warm(),
  ping: async () => {},
  keep: async (...input) => (await loading).keep(...input),
  tokenize: async (...input) => (await loading).tokenize(...input),
  logits: async (...input) => (await loading).logits(...input),
  profile: async () => (await loading).profile(),
} satisfies WorkerApi);

/** Answers every request with the reason why the rest of the runtime did not arrive. */
function unreachable(cause: unknown): WorkerApi {
  const error: WireError = {
    code: 'network',
    message: `The runtime could not be fetched (${cause}). Serve its script files together and load again while online.`,
  };
  const reply = async (): Promise<Reply<never>> => ({ ok: false, error });
  return {
    open: reply,
    fit: reply,
    save: reply,
    warm: reply,
    ping: async () => {},
    keep: reply,
    tokenize: reply,
    logits: reply,
    profile: reply,
    generate: async (_, port) => port.postMessage({ type: 'error', error }),
    restore: async (_, port) => port.postMessage({ type: 'error', error }),
  };
}
