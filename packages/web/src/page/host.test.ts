import { PocketbitError } from '@pocketbit/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkerHost } from './host.ts';

/** A worker that never answers; the tests make it fail. */
class SilentWorker extends EventTarget {
  static last: SilentWorker;
  onerror: (event: { message?: string }) => void = () => {};
  terminated = false;

  constructor() {
    super();
    SilentWorker.last = this;
  }

  postMessage(): void {}

  terminate(): void {
    this.terminated = true;
  }
}

beforeEach(() => vi.stubGlobal('Worker', SilentWorker));
afterEach(() => vi.unstubAllGlobals());

test('a crash rejects what waits and ends the worker', async () => {
  const host = new WorkerHost();
  const call = host.call((api) => api.tokenize('text'));
  SilentWorker.last.onerror({ message: 'unreachable' });
  await expect(call).rejects.toMatchObject({ code: 'worker-crashed' });
  expect(SilentWorker.last.terminated).toBe(true);
});

test('a worker whose script never came is a crash too', async () => {
  const host = new WorkerHost();
  const call = host.call((api) => api.tokenize('text'));
  SilentWorker.last.onerror({});
  await expect(call).rejects.toThrow('its script could not be loaded');
});

test('once ended, every call is refused at once', async () => {
  const host = new WorkerHost();
  host.end(new PocketbitError('aborted', 'closed'));
  const call = host.call((api) => api.tokenize('text'));
  await expect(call).rejects.toMatchObject({ code: 'worker-crashed' });
});

test('a worker that answers no ping while a call is open is dead, after the silence it was given', async () => {
  vi.useFakeTimers();
  const host = new WorkerHost(8000);
  const ended = vi.fn();
  host.whenEnded(ended);
  const call = host.call((api) => api.tokenize('text')).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(await call).toMatchObject({
    code: 'worker-crashed',
    message: expect.stringContaining('8000 ms'),
  });
  expect(ended).toHaveBeenCalledOnce();
  vi.useRealTimers();
});

test('without an open call nobody listens for a silent worker', async () => {
  vi.useFakeTimers();
  const host = new WorkerHost(100);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(host.ended).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('a worker that is asked whether it lives, and does not say so in time, is ended', async () => {
  const host = new WorkerHost();
  expect(await host.answers(20)).toBe(false);
  expect(host.ended).toBe(true);
  expect(await host.answers(20)).toBe(false);
});

test('a page that forbids workers gets a reason', () => {
  vi.stubGlobal(
    'Worker',
    class {
      constructor() {
        throw new DOMException('refused by the policy', 'SecurityError');
      }
    },
  );
  expect(() => new WorkerHost()).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
