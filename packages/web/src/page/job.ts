import * as Comlink from 'comlink';
import type { JobCommand, LoadProgress, OpenEvent, Reply, WorkerApi } from '../protocol.ts';
import type { WorkerHost } from './host.ts';

export interface JobOptions {
  signal?: AbortSignal;
  onProgress?: (progress: LoadProgress) => void;
}

/** Has a worker do a long job; progress and abort travel on a port of its own. */
export async function runJob<T>(
  host: WorkerHost,
  { signal, onProgress }: JobOptions,
  ask: (api: Comlink.Remote<WorkerApi>, port: MessagePort) => Promise<Reply<T>>,
): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<OpenEvent>) => onProgress?.(data.progress);
  const abort = () => port1.postMessage({ type: 'abort' } satisfies JobCommand);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await host.call((api) => ask(api, Comlink.transfer(port2, [port2])));
  } finally {
    signal?.removeEventListener('abort', abort);
    port1.close();
  }
}
