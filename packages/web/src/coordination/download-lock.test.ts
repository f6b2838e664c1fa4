import { PocketbitError } from '@pocketbit/core';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { refuseAborted } from '../download/retry.ts';
import type { LoadProgress } from '../protocol.ts';
import { inTurn, type TurnJob } from './download-lock.ts';
import { TabChannel } from './tab-channel.ts';

const MODEL = 'https://models.test/a.gguf';
const PROGRESS: LoadProgress = {
  phase: 'download',
  loadedBytes: 1,
  totalBytes: 2,
  bytesPerSecond: 3,
  etaMs: 4,
  fromCache: false,
};

afterEach(() => vi.unstubAllGlobals());

/** A tab's view of its turn, with what it is told. */
function tab(): TurnJob & { told: LoadProgress[]; stop: AbortController } {
  const told: LoadProgress[] = [];
  const stop = new AbortController();
  return { told, stop, signal: stop.signal, report: (progress) => told.push(progress) };
}

/** Work that ends when it is told to. */
function held() {
  let end!: () => void;
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { until, end };
}

for (const locks of [true, false]) {
  const name = locks ? 'with Web Locks' : 'without Web Locks';

  test(`${name} one tab works, and the other is told how far it is until its own turn`, async () => {
    vi.stubGlobal('navigator', locks ? { locks: new FakeLocks() } : {});
    const [one, two] = [tab(), tab()];
    const { until, end } = held();
    const order: string[] = [];
    const first = inTurn(MODEL, one, async ({ report }) => {
      const tell = setInterval(() => report(PROGRESS), 20);
      await until;
      clearInterval(tell);
      order.push('first');
    });
    const second = new Promise((resolve) => setTimeout(resolve, 300)).then(() =>
      inTurn(MODEL, two, async () => order.push('second')),
    );
    await vi.waitFor(() => expect(two.told.length).toBeGreaterThan(2), { timeout: 3000 });
    end();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(two.told[0]).toEqual({ ...PROGRESS, elsewhere: true });
    expect(one.told[0]).toEqual(PROGRESS);
  });

  test(`${name} one that waits can be stopped`, async () => {
    vi.stubGlobal('navigator', locks ? { locks: new FakeLocks() } : {});
    const [one, two] = [tab(), tab()];
    const { until, end } = held();
    const first = inTurn(MODEL, one, () => until);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = inTurn(MODEL, two, async () => 'never');
    setTimeout(() => two.stop.abort(new PocketbitError('aborted', 'Stopped.')), 150);
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    end();
    await first;
  });
}

/** A tab at work that answers after `delayMs`, for `lastsMs`; resolves when it is done. */
async function busyTab(delayMs: number, lastsMs: number): Promise<void> {
  const channel = new TabChannel(`pocketbit:${MODEL}`, ({ type }) => {
    if (type === 'ping') setTimeout(() => channel.say({ type: 'pong' }), delayMs);
  });
  await new Promise((resolve) => setTimeout(resolve, lastsMs));
  channel.say = () => {};
  channel.close();
}

test('without Web Locks a tab that has begun the download is waited for, though it is too busy to answer at once', async () => {
  vi.stubGlobal('navigator', {});
  const order: string[] = [];
  const busy = busyTab(600, 1500).then(() => order.push('busy'));
  const job = { ...tab(), begun: async () => order.length === 0 };
  await inTurn(MODEL, job, async () => order.push('next'));
  await busy;
  expect(order).toEqual(['busy', 'next']);
});

test('where the browser refuses every lock the work is done all the same', async () => {
  const refuse = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  vi.stubGlobal('navigator', { locks: { query: refuse, request: refuse } });
  expect(await inTurn(MODEL, tab(), async () => 'done')).toBe('done');
});

test('one that was stopped before its turn does nothing, with Web Locks or without', async () => {
  for (const navigator of [{}, { locks: new FakeLocks() }]) {
    vi.stubGlobal('navigator', navigator);
    const stopped = tab();
    stopped.stop.abort(new PocketbitError('aborted', 'Stopped.'));
    const work = async ({ signal }: TurnJob) => refuseAborted(signal);
    await expect(inTurn(MODEL, stopped, work)).rejects.toMatchObject({ code: 'aborted' });
  }
});

test('work on different models goes on at the same time', async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const { until, end } = held();
  const first = inTurn(MODEL, tab(), () => until);
  expect(await inTurn(`${MODEL}2`, tab(), async () => 'done')).toBe('done');
  end();
  await first;
});

test('a holder that does not answer loses the lock; its work is ended and done anew when the lock is free', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
  const frozen = locks.request(`pocketbit:${MODEL}`, {}, () => new Promise(() => {}));
  frozen.catch(() => {});
  expect(await inTurn(MODEL, tab(), async () => 'mine')).toBe('mine');
  await expect(frozen).rejects.toMatchObject({ name: 'AbortError' });
});

test('work whose lock is stolen is told so, and begins again behind the thief', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
  const seen: boolean[] = [];
  const work = inTurn(MODEL, tab(), async ({ signal }) => {
    if (seen.length === 0) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    seen.push(signal.aborted);
    signal.throwIfAborted();
    return 'done';
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { until, end } = held();
  const thief = locks.request(`pocketbit:${MODEL}`, { steal: true }, () => until);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual([true]);
  end();
  await thief;
  expect(await work).toBe('done');
  expect(seen).toEqual([true, false]);
});

test('work that the store refuses because another tab went on with it begins again', async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  let tries = 0;
  const work = async () => {
    if (tries++ === 0) throw new PocketbitError('busy', 'Overtaken.');
    return 'done';
  };
  expect(await inTurn(MODEL, tab(), work)).toBe('done');
});

test('a failure of the work is the failure of the turn', async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const failure = new PocketbitError('quota', 'Full.');
  const work = () => Promise.reject(failure);
  await expect(inTurn(MODEL, tab(), work)).rejects.toBe(failure);
});
