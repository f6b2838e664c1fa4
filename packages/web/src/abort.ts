import { PocketbitError } from '@pocketbit/core';

/** Throws `aborted` once `signal` is. */
export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new PocketbitError('aborted', 'Loading was stopped.');
}

/** A controller that is aborted with `signal`, where one is given; once aborted it listens no more. */
export function linked(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal?.addEventListener('abort', abort, { signal: controller.signal });
  if (signal?.aborted) abort();
  return controller;
}
