import { afterEach, expect, test, vi } from 'vitest';
import { type Answer, SourceError } from './http.ts';
import { RetryingSources, type RetryLimits } from './retry.ts';
import type { Source } from './sources.ts';

const LIMITS: RetryLimits = { stallMs: 30, backoffMs: 1, rounds: 3, offlineMs: 2000 };
const { signal } = new AbortController();

function source(address: string, stream = () => new ReadableStream<Uint8Array>()): Source {
  const open = async (): Promise<Answer> => ({
    offset: 0,
    size: null,
    validator: null,
    stream: stream(),
  });
  return { address, open };
}

const failure = (options = {}) => new SourceError('network', 'failed', options);
const accept = async () => {};

afterEach(() => vi.unstubAllGlobals());

test('a source that fails gives way to the next, and comes back in the next round', async () => {
  const sources = new RetryingSources([source('a'), source('b')], LIMITS, signal);
  const order = [];
  for (let i = 0; i < 4; i++) {
    order.push(sources.current.address);
    await sources.retry(failure());
  }
  expect(order).toEqual(['a', 'b', 'a', 'b']);
});

test('a source that can never serve is not asked again; without others its failure is the end', async () => {
  const sources = new RetryingSources([source('a'), source('b')], LIMITS, signal);
  await sources.retry(failure({ permanent: true }));
  expect(sources.current.address).toBe('b');
  const last = failure({ permanent: true });
  await expect(sources.retry(last)).rejects.toBe(last);
});

test('tries are bounded: two rounds where nothing was reached, all of them where something came', async () => {
  const triesOf = async (sources: RetryingSources) => {
    let tries = 1;
    while (
      await sources.retry(failure()).then(
        () => true,
        () => false,
      )
    )
      tries++;
    return tries;
  };
  expect(await triesOf(new RetryingSources([source('a')], LIMITS, signal))).toBe(3);
  const reached = new RetryingSources([source('a')], LIMITS, signal);
  reached.progressed(10);
  expect(await triesOf(reached)).toBe(4);
  reached.progressed(10);
  expect(await triesOf(reached), 'the same bytes again are no progress').toBe(1);
  reached.progressed(11);
  expect(await triesOf(reached)).toBe(4);
});

test('what is no failure of a source is thrown at once', async () => {
  const sources = new RetryingSources([source('a'), source('b')], LIMITS, signal);
  const error = new Error('disk');
  await expect(sources.retry(error)).rejects.toBe(error);
});

test('a body and an answer that stall are failures of the network', async () => {
  const silent = new RetryingSources([source('quiet.test')], LIMITS, signal);
  const reading = silent.read(0, null, accept).next();
  await expect(reading).rejects.toMatchObject({ code: 'network', permanent: false });
  const never = { address: 'never.test', open: () => new Promise<Answer>(() => {}) };
  const opening = new RetryingSources([never], LIMITS, signal).read(0, null, accept).next();
  await expect(opening).rejects.toThrow('never.test sent nothing for 0.03 s');
});

test('an abort ends a read that stalls and a wait', async () => {
  const controller = new AbortController();
  const slow: RetryLimits = { ...LIMITS, stallMs: 60_000, backoffMs: 60_000 };
  const sources = new RetryingSources([source('a')], slow, controller.signal);
  const reading = sources.read(0, null, accept).next();
  const waiting = sources.retry(failure());
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
  for await (const _ of new RetryingSources([source('a', endless)], LIMITS, signal).read(
    0,
    null,
    accept,
  )) {
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
  const sources = new RetryingSources([source('a')], LIMITS, signal);
  const early = new SourceError('offline', 'offline');
  await expect(sources.retry(early), 'nothing had begun').rejects.toBe(early);
  sources.progressed(1);
  let waited = true;
  const waiting = sources.retry(early).then(() => {
    waited = device.onLine;
  });
  setTimeout(() => {
    device.onLine = true;
    events.dispatchEvent(new Event('online'));
  }, 20);
  await waiting;
  expect(waited).toBe(true);
});

test('offline, without an event, it tries all the same, as long as it may (fault 1)', async () => {
  vi.stubGlobal('navigator', { onLine: false });
  const limits = { ...LIMITS, offlineMs: 2500 };
  const sources = new RetryingSources([source('a')], limits, signal);
  sources.progressed(1);
  const offline = new SourceError('offline', 'offline');
  let tries = 0;
  const end = await (async () => {
    for (; ; tries++) {
      const refused = await sources.retry(offline).catch((error: unknown) => error);
      if (refused) return refused;
    }
  })();
  expect(end).toBe(offline);
  expect(tries).toBeGreaterThanOrEqual(1);
  sources.progressed(2);
  await sources.retry(offline);
});

test('a server that is back and busy is asked again however often the network failed before', async () => {
  const limits = { ...LIMITS, rounds: 16 };
  const sources = new RetryingSources([source('a')], limits, signal);
  sources.progressed(1);
  for (let i = 0; i < 9; i++) await sources.retry(failure());
  await sources.retry(failure({ busy: true }));
  for (let i = 1; i < 6; i++) await sources.retry(failure({ busy: true }));
  const last = failure({ busy: true });
  await expect(sources.retry(last)).rejects.toBe(last);
});
