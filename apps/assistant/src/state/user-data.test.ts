import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { transact } from './database.ts';
import { UserDataStore } from './user-data.ts';

const TIMER = { action: 'timer', duration: '2 minutes' } as const;

beforeEach(async () => {
  // The stores of earlier tests would be other tabs, and go on.
  vi.stubGlobal('BroadcastChannel', undefined);
  await transact('readwrite', (records) => void records.clear());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 22) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const sound = vi.fn();

async function open(): Promise<UserDataStore> {
  sound.mockClear();
  const userData = new UserDataStore(sound);
  await userData.start();
  return userData;
}

/** Waits until what was written has arrived in the database. */
async function written(): Promise<void> {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('a timer rings when its time is up, and not before', async () => {
  const userData = await open();
  userData.apply(TIMER);
  vi.advanceTimersByTime(119_000);
  expect(userData.data.timers[0]?.state).toBe('running');
  vi.advanceTimersByTime(1_000);
  expect(userData.data.timers[0]?.state).toBe('ringing');
  expect(userData.alerts).toMatchObject([{ text: 'Time is up: 2 minutes' }]);
  expect(sound).toHaveBeenCalledOnce();
});

test('dismissing ends the alert and the timer', async () => {
  const userData = await open();
  userData.apply(TIMER);
  vi.advanceTimersByTime(120_000);
  userData.dismiss(userData.alerts[0]!.id);
  expect(userData.alerts).toEqual([]);
  expect(userData.data.timers[0]?.state).toBe('done');
});

test('a cancelled timer never rings', async () => {
  const userData = await open();
  userData.apply(TIMER);
  userData.endTimer(userData.data.timers[0]!.id);
  vi.advanceTimersByTime(200_000);
  expect(userData.data.timers[0]?.state).toBe('cancelled');
});

test('what was stored comes back; a timer that ended meanwhile is over without ringing', async () => {
  const userData = await open();
  userData.apply(TIMER);
  userData.apply({ action: 'list', op: 'add', list: 'shopping', item: 'milk' });
  await written();
  vi.setSystemTime(Date.now() + 300_000);
  const later = await open();
  expect(later.data.lists).toEqual({ shopping: ['milk'] });
  expect(later.data.timers[0]?.state).toBe('done');
  expect(later.alerts).toEqual([]);
  expect(sound).not.toHaveBeenCalled();
});

test('a reminder that fell due while away is shown on return', async () => {
  const userData = await open();
  userData.apply({ action: 'reminder', text: 'call mom', when: 'in 20 minutes' });
  await written();
  vi.setSystemTime(Date.now() + 3_600_000);
  const later = await open();
  expect(later.alerts).toMatchObject([{ text: 'Reminder: call mom' }]);
  expect(later.data.reminders[0]?.done).toBe(true);
});
