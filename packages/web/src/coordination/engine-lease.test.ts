import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import type { OtherTab } from './engine-lease.ts';

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });

let locks: FakeLocks;

beforeEach(() => {
  locks = new FakeLocks();
  page.visibilityState = 'visible';
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('document', page);
});
afterEach(async () => {
  // The channel is one for all tests: the last seat of this one is to be let go before the next.
  await new Promise((resolve) => setTimeout(resolve, 600));
  vi.unstubAllGlobals();
});

/** A tab: the module as one page has it. */
async function tab(): Promise<typeof import('./engine-lease.ts')> {
  vi.resetModules();
  return import('./engine-lease.ts');
}

/** Asks for a place, with what the asking page is told. */
function ask({ takePlace }: typeof import('./engine-lease.ts'), signal?: AbortSignal) {
  const told: string[] = [];
  let other: OtherTab | undefined;
  const place = takePlace({
    ...(signal && { signal }),
    onElsewhere: (found) => {
      told.push('elsewhere');
      other = found;
    },
    onYield: (reason) => void told.push(reason),
  });
  place.catch(() => {});
  return { told, place, takeOver: () => other!.takeOver() };
}

test('one tab has the engine; the next gets it when that leaves, and not before', async () => {
  const first = ask(await tab());
  const place = await first.place;
  const second = ask(await tab());
  await vi.waitFor(() => expect(second.told).toEqual(['elsewhere']));
  const there = vi.fn();
  void second.place.then(there);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(there).not.toHaveBeenCalled();
  place.leave();
  (await second.place).leave();
  expect(first.told).toEqual([]);
});

test('a tab that is asked saves, closes its model, and only then loses the engine to the one that asked', async () => {
  const first = ask(await tab());
  const place = await first.place;
  const order: string[] = [];
  place.close = async () => void order.push(...first.told, 'closed');
  const line = ask(await tab());
  const second = ask(await tab());
  await vi.waitFor(() => expect(second.told).toEqual(['elsewhere']));
  second.takeOver();
  const taken = await second.place;
  expect(order).toEqual(['asked', 'closed']);
  expect(line.told).toEqual(['elsewhere']);
  taken.leave();
  (await line.place).leave();
});

test('a load that still runs in the tab that is asked is stopped', async () => {
  const first = ask(await tab());
  const { signal, leave } = await first.place;
  const second = ask(await tab());
  await vi.waitFor(() => expect(second.told).toEqual(['elsewhere']));
  second.takeOver();
  (await second.place).leave();
  expect(signal.aborted).toBe(true);
  leave();
});

test('a holder that does not answer within two seconds loses the engine', async () => {
  const frozen = locks.request('pocketbit-engine', {}, () => new Promise(() => {}));
  const lost = frozen.catch((error: Error) => error.name);
  const second = ask(await tab());
  await vi.waitFor(() => expect(second.told).toEqual(['elsewhere']));
  const start = performance.now();
  second.takeOver();
  (await second.place).leave();
  expect(performance.now() - start).toBeGreaterThan(1900);
  expect(await lost).toBe('AbortError');
});

test('a tab that was robbed while it was frozen closes its model when it finds out', async () => {
  const first = ask(await tab());
  const place = await first.place;
  const closed = new Promise<void>((resolve) => {
    place.close = async () => resolve();
  });
  const thief = locks.request('pocketbit-engine', { steal: true }, () => Promise.resolve());
  await closed;
  await thief;
  expect(first.told).toEqual(['stolen']);
});

test('a word that comes when the engine is here already takes it from nobody', async () => {
  const first = ask(await tab());
  const place = await first.place;
  const second = ask(await tab());
  await vi.waitFor(() => expect(second.told).toEqual(['elsewhere']));
  place.leave();
  const taken = await second.place;
  second.takeOver();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(second.told).toEqual(['elsewhere']);
  expect(taken.signal.aborted).toBe(false);
  taken.leave();
});

test('two models of one page share its engine, and closing one to load another keeps it', async () => {
  const module = await tab();
  const [one, two] = [ask(module), ask(module)];
  const places = [await one.place, await two.place];
  const other = ask(await tab());
  await vi.waitFor(() => expect(other.told).toEqual(['elsewhere']));
  for (const place of places) place.leave();
  const next = ask(module);
  const place = await next.place;
  expect(next.told).toEqual([]);
  place.leave();
  (await other.place).leave();
});

test('one that waits can be stopped, and a hidden page stands in no line', async () => {
  const first = ask(await tab());
  const place = await first.place;
  const stop = new AbortController();
  const stopped = ask(await tab(), stop.signal);
  const hidden = ask(await tab());
  await vi.waitFor(() => expect(hidden.told).toEqual(['elsewhere']));
  stop.abort();
  await expect(stopped.place).rejects.toMatchObject({ code: 'aborted' });
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  const there = vi.fn();
  void hidden.place.then(there);
  place.leave();
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(there).not.toHaveBeenCalled();
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  (await hidden.place).leave();
});
