import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keep } from './database.ts';
import { Keeper } from './keeper.ts';

const TIMER = { action: 'timer', duration: '2 minutes' } as const;

beforeEach(async () => {
  await keep('kept', undefined);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 22) });
});
afterEach(() => vi.useRealTimers());

const sound = vi.fn();

async function open(): Promise<Keeper> {
  sound.mockClear();
  const keeper = new Keeper(sound);
  await keeper.start();
  return keeper;
}

/** Waits for what was given to be kept to arrive in the database. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
}

test('a timer rings when its time is up, and not before', async () => {
  const keeper = await open();
  keeper.apply(TIMER);
  vi.advanceTimersByTime(119_000);
  expect(keeper.kept.timers[0]?.state).toBe('running');
  vi.advanceTimersByTime(1_000);
  expect(keeper.kept.timers[0]?.state).toBe('ringing');
  expect(keeper.alerts).toMatchObject([{ text: 'Time is up: 2 minutes' }]);
  expect(sound).toHaveBeenCalledOnce();
});

test('dismissing ends the alert and the timer', async () => {
  const keeper = await open();
  keeper.apply(TIMER);
  vi.advanceTimersByTime(120_000);
  keeper.dismiss(keeper.alerts[0]!.id);
  expect(keeper.alerts).toEqual([]);
  expect(keeper.kept.timers[0]?.state).toBe('done');
});

test('a cancelled timer never rings', async () => {
  const keeper = await open();
  keeper.apply(TIMER);
  keeper.endTimer(keeper.kept.timers[0]!.id);
  vi.advanceTimersByTime(200_000);
  expect(keeper.kept.timers[0]?.state).toBe('cancelled');
});

test('what is kept comes back; a timer that ended meanwhile is over without ringing', async () => {
  const keeper = await open();
  keeper.apply(TIMER);
  keeper.apply({ action: 'list', op: 'add', list: 'shopping', item: 'milk' });
  await settle();
  vi.setSystemTime(Date.now() + 300_000);
  const later = await open();
  expect(later.kept.lists).toEqual({ shopping: ['milk'] });
  expect(later.kept.timers[0]?.state).toBe('done');
  expect(later.alerts).toEqual([]);
  expect(sound).not.toHaveBeenCalled();
});

test('a reminder that fell due while away is shown on return', async () => {
  const keeper = await open();
  keeper.apply({ action: 'reminder', text: 'call mom', when: 'in 20 minutes' });
  await settle();
  vi.setSystemTime(Date.now() + 3_600_000);
  const later = await open();
  expect(later.alerts).toMatchObject([{ text: 'Reminder: call mom' }]);
  expect(later.kept.reminders[0]?.done).toBe(true);
});
