import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { hold, isHeld, locksUsable } from './locks.ts';

beforeEach(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }));
afterEach(() => vi.unstubAllGlobals());

test('a lock is held until it is released, and then free', async () => {
  const lease = await hold('a');
  expect(await isHeld('a')).toBe(true);
  expect(await hold('a')).toBeNull();
  lease!.release();
  expect(await lease!.ended).toBe('released');
  expect(await isHeld('a')).toBe(false);
  expect(await hold('a')).not.toBeNull();
});

test('one that waits has the lock when it is released, or none once it is aborted', async () => {
  const first = await hold('a');
  const stop = new AbortController();
  const stopped = hold('a', { signal: stop.signal });
  const second = hold('a', {});
  stop.abort();
  expect(await stopped).toBeNull();
  first!.release();
  expect(await second).not.toBeNull();
});

test('a lease whose lock is stolen says so', async () => {
  const lease = await hold('a');
  expect(await hold('a', { steal: true })).not.toBeNull();
  expect(await lease!.ended).toBe('stolen');
});

test('where there are no locks, or all are refused, that is known', async () => {
  expect(await locksUsable()).toBe(true);
  const refuse = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  vi.stubGlobal('navigator', { locks: { query: refuse, request: refuse } });
  expect(await locksUsable()).toBe(false);
  expect(await hold('a')).toBeNull();
  vi.stubGlobal('navigator', {});
  expect(await locksUsable()).toBe(false);
});
