import { expect, test } from 'vitest';
import { TabChannel } from './tab-channel.ts';

const PROGRESS = {
  phase: 'download',
  loadedBytes: 1,
  totalBytes: null,
  bytesPerSecond: 0.5,
  etaMs: null,
  fromCache: false,
} as const;

/** What a listener for the lock `a` hears of `sent`. */
async function heard(sent: unknown[]): Promise<unknown[]> {
  const found: unknown[] = [];
  const listener = new TabChannel('a', (message) => found.push(message));
  const channel = new BroadcastChannel('pocketbit');
  for (const body of [...sent, { lock: 'a', type: 'pong' }]) channel.postMessage(body);
  await expect.poll(() => found.at(-1)).toEqual({ type: 'pong' });
  channel.close();
  listener.close();
  return found.slice(0, -1);
}

test('what is no message about the lock is not heard (fault 20)', async () => {
  const odd = [
    null,
    undefined,
    0,
    1,
    '',
    'a',
    true,
    [],
    {},
    ['a'],
    new Date(),
    new Map([['lock', 'a']]),
  ];
  const types = [undefined, null, 5, {}, 'later', 'progress', 'ask', 'yielding', 'yielded'];
  const ofA = types.flatMap((type) => [
    { lock: 'a', type },
    { lock: 'a', type, from: null, progress: null },
    { lock: 'a', type, from: 5, progress: 5 },
    { lock: 'a', type, from: 'x'.repeat(1e6), progress: {} },
    { lock: 'a', type, progress: { ...PROGRESS, loadedBytes: Number.NaN } },
    { lock: 'a', type, progress: { ...PROGRESS, totalBytes: '5' } },
    { lock: 'a', type, progress: { ...PROGRESS, phase: 'later' } },
  ]);
  const ofOthers = [{ lock: 'b', type: 'ping' }, { lock: null, type: 'ping' }, { type: 'ping' }];
  expect(await heard([...odd, ...ofA, ...ofOthers, 'x'.repeat(1e6)])).toEqual([]);
});

test('what is one is heard as it was sent', async () => {
  const sent = [
    { type: 'ping' },
    { type: 'progress', progress: PROGRESS },
    { type: 'ask', from: '0.5' },
  ];
  expect(await heard(sent.map((message) => ({ ...message, lock: 'a' })))).toEqual(sent);
});

test('a channel that sends nothing any more is no failure of the sender (fault 20)', () => {
  const channel = new TabChannel('a', () => {});
  channel.close();
  expect(() => channel.send({ type: 'ping' })).not.toThrow();
});
