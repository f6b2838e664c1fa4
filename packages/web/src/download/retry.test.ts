import { afterEach, expect, test, vi } from 'vitest';
import { PlaceError } from './http.ts';
import { Mirrors, type Pace } from './retry.ts';
import type { Opened, Place } from './sources.ts';

const PACE: Pace = { stallMs: 30, backoffMs: 1, rounds: 3, offlineMs: 2000 };
const { signal } = new AbortController();

function place(address: string, stream = () => new ReadableStream<Uint8Array>()): Place {
  const open = async (): Promise<Opened> => ({
    offset: 0,
    size: null,
    validator: null,
    stream: stream(),
  });
  return { address, open };
}

const failure = (options = {}) => new PlaceError('network', 'failed', options);
const accept = async () => {};

afterEach(() => vi.unstubAllGlobals());

test('a place that fails gives way to the next, and comes back in the next round', async () => {
  const mirrors = new Mirrors([place('a'), place('b')], PACE, signal);
  const order = [];
  for (let i = 0; i < 4; i++) {
    order.push(mirrors.place.address);
    await mirrors.next(failure());
  }
  expect(order).toEqual(['a', 'b', 'a', 'b']);
});

test('a place that can never serve is not asked again; without others its failure is the end', async () => {
  const mirrors = new Mirrors([place('a'), place('b')], PACE, signal);
  await mirrors.next(failure({ lasting: true }));
  expect(mirrors.place.address).toBe('b');
  const last = failure({ lasting: true });
  await expect(mirrors.next(last)).rejects.toBe(last);
});

test('tries are bounded: two rounds where nothing was reached, all of them where something came', async () => {
  const triesOf = async (mirrors: Mirrors) => {
    let tries = 1;
    while (
      await mirrors.next(failure()).then(
        () => true,
        () => false,
      )
    )
      tries++;
    return tries;
  };
  expect(await triesOf(new Mirrors([place('a')], PACE, signal))).toBe(3);
  const reached = new Mirrors([place('a')], PACE, signal);
  reached.arrived(10);
  expect(await triesOf(reached)).toBe(4);
  reached.arrived(10);
  expect(await triesOf(reached), 'the same bytes again are no progress').toBe(1);
  reached.arrived(11);
  expect(await triesOf(reached)).toBe(4);
});

test('what is no failure of a place is thrown at once', async () => {
  const mirrors = new Mirrors([place('a'), place('b')], PACE, signal);
  const error = new Error('disk');
  await expect(mirrors.next(error)).rejects.toBe(error);
});

test('a body and an answer that stall are failures of the network', async () => {
  const silent = new Mirrors([place('quiet.test')], PACE, signal);
  const reading = silent.read(0, null, accept).next();
  await expect(reading).rejects.toMatchObject({ code: 'network', lasting: false });
  const never = { address: 'never.test', open: () => new Promise<Opened>(() => {}) };
  const opening = new Mirrors([never], PACE, signal).read(0, null, accept).next();
  await expect(opening).rejects.toThrow('never.test sent nothing for 0.03 s');
});

test('an abort ends a read that stalls and a wait', async () => {
  const controller = new AbortController();
  const slow: Pace = { ...PACE, stallMs: 60_000, backoffMs: 60_000 };
  const mirrors = new Mirrors([place('a')], slow, controller.signal);
  const reading = mirrors.read(0, null, accept).next();
  const waiting = mirrors.next(failure());
  controller.abort();
  await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});

test('leaving the loop cancels the stream', async () => {
  let cancelled = false;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
      cancel: () => {
        cancelled = true;
      },
    });
  for await (const _ of new Mirrors([place('a', endless)], PACE, signal).read(0, null, accept)) {
    break;
  }
  expect(cancelled).toBe(true);
});

test('offline, a download that has begun waits to be online again', async () => {
  const device = { onLine: false };
  vi.stubGlobal('navigator', device);
  const events = new EventTarget();
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
  const mirrors = new Mirrors([place('a')], PACE, signal);
  const early = new PlaceError('offline', 'offline');
  await expect(mirrors.next(early), 'nothing had begun').rejects.toBe(early);
  mirrors.arrived(1);
  let waited = true;
  const waiting = mirrors.next(early).then(() => {
    waited = device.onLine;
  });
  setTimeout(() => {
    device.onLine = true;
    events.dispatchEvent(new Event('online'));
  }, 20);
  await waiting;
  expect(waited).toBe(true);
});
