import { PocketbitError } from '@pocketbit/core';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { refuseAborted } from '../abort.ts';
import type { LoadProgress } from '../protocol.ts';
import { type LockedJob, withDownloadLock } from './download-lock.ts';
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

/** A tab's job, with the progress that is reported to it. */
function tab(): LockedJob & { reports: LoadProgress[]; stop: AbortController } {
  const reports: LoadProgress[] = [];
  const stop = new AbortController();
  return { reports, stop, signal: stop.signal, report: (progress) => reports.push(progress) };
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

  test(`${name} one tab works, and its progress is reported to the other until that has the lock`, async () => {
    vi.stubGlobal('navigator', locks ? { locks: new FakeLocks() } : {});
    const [one, two] = [tab(), tab()];
    const { until, end } = held();
    const order: string[] = [];
    const first = withDownloadLock(MODEL, one, async ({ report }) => {
      const tell = setInterval(() => report(PROGRESS), 20);
      await until;
      clearInterval(tell);
      order.push('first');
    });
    const second = new Promise((resolve) => setTimeout(resolve, 300)).then(() =>
      withDownloadLock(MODEL, two, async () => order.push('second')),
    );
    await vi.waitFor(() => expect(two.reports.length).toBeGreaterThan(2), { timeout: 3000 });
    end();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(two.reports[0]).toEqual({ ...PROGRESS, elsewhere: true });
    expect(one.reports[0]).toEqual(PROGRESS);
  });

  test(`${name} one that waits can be stopped`, async () => {
    vi.stubGlobal('navigator', locks ? { locks: new FakeLocks() } : {});
    const [one, two] = [tab(), tab()];
    const { until, end } = held();
    const first = withDownloadLock(MODEL, one, () => until);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = withDownloadLock(MODEL, two, async () => 'never');
    setTimeout(() => two.stop.abort(new PocketbitError('aborted', 'Stopped.')), 150);
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    end();
    await first;
  });
}

/** A tab at work that answers after `delayMs`, for `lastsMs`; resolves when it is done. */
async function busyTab(delayMs: number, lastsMs: number): Promise<void> {
  const channel = new TabChannel(`pocketbit:${MODEL}`, ({ type }) => {
    if (type === 'ping') setTimeout(() => channel.send({ type: 'pong' }), delayMs);
  });
  await new Promise((resolve) => setTimeout(resolve, lastsMs));
  channel.send = () => {};
  channel.close();
}

test('without Web Locks a tab that has begun the download is waited for, though it is too busy to answer at once', async () => {
  vi.stubGlobal('navigator', {});
  const order: string[] = [];
  const busy = busyTab(600, 1500).then(() => order.push('busy'));
  const job = { ...tab(), begun: async () => order.length === 0 };
  await withDownloadLock(MODEL, job, async () => order.push('next'));
  await busy;
  expect(order).toEqual(['busy', 'next']);
});

test('where the browser refuses every lock the work is done all the same', async () => {
  const refuse = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  vi.stubGlobal('navigator', { locks: { query: refuse, request: refuse } });
  expect(await withDownloadLock(MODEL, tab(), async () => 'done')).toBe('done');
});

test('one that was stopped before it has the lock does nothing, with Web Locks or without', async () => {
  for (const navigator of [{}, { locks: new FakeLocks() }]) {
    vi.stubGlobal('navigator', navigator);
    const stopped = tab();
    stopped.stop.abort(new PocketbitError('aborted', 'Stopped.'));
    const work = async ({ signal }: LockedJob) => refuseAborted(signal);
    await expect(withDownloadLock(MODEL, stopped, work)).rejects.toMatchObject({ code: 'aborted' });
  }
});

test('work on different models goes on at the same time', async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const { until, end } = held();
  const first = withDownloadLock(MODEL, tab(), () => until);
  expect(await withDownloadLock(`${MODEL}2`, tab(), async () => 'done')).toBe('done');
  end();
  await first;
});

test('a holder that does not answer loses the lock; its work is ended and done anew when the lock is free', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
  const frozen = locks.request(`pocketbit:${MODEL}`, {}, () => new Promise(() => {}));
  frozen.catch(() => {});
  expect(await withDownloadLock(MODEL, tab(), async () => 'mine')).toBe('mine');
  await expect(frozen).rejects.toMatchObject({ name: 'AbortError' });
});

test('work whose lock is stolen is aborted, and begins again behind the thief', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
  const seen: boolean[] = [];
  const work = withDownloadLock(MODEL, tab(), async ({ signal }) => {
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
  expect(await withDownloadLock(MODEL, tab(), work)).toBe('done');
});

test('a failure of the work is the failure of the job', async () => {
  vi.stubGlobal('navigator', { locks: new FakeLocks() });
  const failure = new PocketbitError('quota', 'Full.');
  const work = () => Promise.reject(failure);
  await expect(withDownloadLock(MODEL, tab(), work)).rejects.toBe(failure);
});
