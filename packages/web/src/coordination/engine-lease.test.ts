import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { EngineLeases, type OtherTab } from './engine-lease.ts';

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });

let locks: FakeLocks;

beforeEach(() => {
  locks = new FakeLocks();
  page.visibilityState = 'visible';
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('document', page);
});
afterEach(async () => {
  // The channel is one for all tests: the last lock of this one is to be released before the next.
  await new Promise((resolve) => setTimeout(resolve, 600));
  vi.unstubAllGlobals();
});

/** A tab: the leases of one page. */
const tab = () => new EngineLeases();

/** Asks for a lease, with what the asking page hears. */
function ask(page: EngineLeases, signal?: AbortSignal) {
  const heard: string[] = [];
  let other: OtherTab | undefined;
  const lease = page.acquire({
    ...(signal && { signal }),
    onElsewhere: (found) => {
      heard.push('elsewhere');
      other = found;
    },
    onYield: (reason) => void heard.push(reason),
  });
  lease.catch(() => {});
  return { heard, lease, takeOver: () => other!.takeOver() };
}

test('one tab has the engine; the next gets it when that leaves, and not before', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const second = ask(tab());
  await vi.waitFor(() => expect(second.heard).toEqual(['elsewhere']));
  const there = vi.fn();
  void second.lease.then(there);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(there).not.toHaveBeenCalled();
  lease.release();
  (await second.lease).release();
  expect(first.heard).toEqual([]);
});

test('a tab that is asked saves, closes its model, and only then loses the engine to the one that asked', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const order: string[] = [];
  lease.closeWith(async () => void order.push(...first.heard, 'closed'));
  const line = ask(tab());
  const second = ask(tab());
  await vi.waitFor(() => expect(second.heard).toEqual(['elsewhere']));
  second.takeOver();
  const taken = await second.lease;
  expect(order).toEqual(['asked', 'closed']);
  expect(line.heard).toEqual(['elsewhere']);
  taken.release();
  (await line.lease).release();
});

test('a load that still runs in the tab that is asked is stopped', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const second = ask(tab());
  await vi.waitFor(() => expect(second.heard).toEqual(['elsewhere']));
  second.takeOver();
  (await second.lease).release();
  expect(lease.signal.aborted).toBe(true);
  lease.release();
});

test('a holder that does not answer within two seconds loses the engine', async () => {
  const frozen = locks.request('pocketbit-engine', {}, () => new Promise(() => {}));
  const lost = frozen.catch((error: Error) => error.name);
  const second = ask(tab());
  await vi.waitFor(() => expect(second.heard).toEqual(['elsewhere']));
  const start = performance.now();
  second.takeOver();
  (await second.lease).release();
  expect(performance.now() - start).toBeGreaterThan(1900);
  expect(await lost).toBe('AbortError');
});

test('a tab that was robbed while it was frozen closes its model when it finds out', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const closed = new Promise<void>((resolve) => {
    lease.closeWith(async () => resolve());
  });
  const thief = locks.request('pocketbit-engine', { steal: true }, () => Promise.resolve());
  await closed;
  await thief;
  expect(first.heard).toEqual(['stolen']);
});

test('a word that comes when the engine is here already takes it from nobody', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const second = ask(tab());
  await vi.waitFor(() => expect(second.heard).toEqual(['elsewhere']));
  lease.release();
  const taken = await second.lease;
  second.takeOver();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(second.heard).toEqual(['elsewhere']);
  expect(taken.signal.aborted).toBe(false);
  taken.release();
});

test('two models of one page share its engine, and closing one to load another keeps it', async () => {
  const module = tab();
  const [one, two] = [ask(module), ask(module)];
  const leases = [await one.lease, await two.lease];
  const other = ask(tab());
  await vi.waitFor(() => expect(other.heard).toEqual(['elsewhere']));
  for (const lease of leases) lease.release();
  const next = ask(module);
  const lease = await next.lease;
  expect(next.heard).toEqual([]);
  lease.release();
  (await other.lease).release();
});

test('one that waits can be stopped, and a hidden page stands in no line', async () => {
  const first = ask(tab());
  const lease = await first.lease;
  const stop = new AbortController();
  const stopped = ask(tab(), stop.signal);
  const hidden = ask(tab());
  await vi.waitFor(() => expect(hidden.heard).toEqual(['elsewhere']));
  stop.abort();
  await expect(stopped.lease).rejects.toMatchObject({ code: 'aborted' });
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  const there = vi.fn();
  void hidden.lease.then(there);
  lease.release();
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(there).not.toHaveBeenCalled();
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  (await hidden.lease).release();
});
