import 'fake-indexeddb/auto';
import { createStore, del, get, set } from 'idb-keyval';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeLocks } from '../../test/fake-locks.ts';
import { sessionStore } from '../store/session-database.ts';
import { Conversations } from './conversations.ts';

beforeEach(() => vi.stubGlobal('navigator', { locks: new FakeLocks() }));
afterEach(async () => {
  const all = new Conversations<string>();
  for (const { id } of await all.list()) await all.remove(id);
  vi.unstubAllGlobals();
});

test('a conversation comes back with its messages', async () => {
  const first = new Conversations<string>();
  const chat = await first.claim();
  expect(chat.messages).toEqual([]);
  const saved = await first.save({ ...chat, messages: ['hello'] });
  first.release(saved.id);
  const again = await new Conversations<string>().claim();
  expect(again).toEqual(saved);
});

test('two tabs have a conversation each, and neither loses a message', async () => {
  const [one, two] = [new Conversations<string>(), new Conversations<string>()];
  let a = await one.save({ ...(await one.claim()), messages: ['a1'] });
  let b = await two.save({ ...(await two.claim()), messages: ['b1'] });
  expect(b.id).not.toBe(a.id);
  a = await one.save({ ...a, messages: ['a1', 'a2'] });
  b = await two.save({ ...b, messages: ['b1', 'b2'] });
  const stored = (await one.list()).map(({ messages }) => messages.join());
  expect(stored.sort()).toEqual(['a1,a2', 'b1,b2']);
});

test('a conversation that another tab has cannot be claimed by name either, until it is let go', async () => {
  const [one, two] = [new Conversations<string>(), new Conversations<string>()];
  const chat = await one.save({ ...(await one.claim()), messages: ['mine'] });
  expect((await two.claim(chat.id)).id).not.toBe(chat.id);
  one.release(chat.id);
  expect((await two.claim(chat.id)).id).toBe(chat.id);
});

test('a conversation taken from a frozen tab is not written by that one again', async () => {
  const [one, two] = [new Conversations<string>(), new Conversations<string>()];
  const mine = await one.save({ ...(await one.claim()), messages: ['start'] });
  const taken = await two.claim(mine.id, { steal: true });
  expect(taken).toEqual(mine);
  await two.save({ ...taken, messages: ['start', 'on'] });
  await expect(one.save({ ...mine, messages: ['late'] })).rejects.toMatchObject({ code: 'busy' });
  expect((await two.list()).map(({ messages }) => messages)).toEqual([['start', 'on']]);
});

test('without Web Locks a tab that was superseded writes beside, not over', async () => {
  vi.stubGlobal('navigator', {});
  const [one, two] = [new Conversations<string>(), new Conversations<string>()];
  const start = await one.save({ ...(await one.claim()), messages: ['start'] });
  const same = await two.claim();
  expect(same.id).toBe(start.id);
  const a = await one.save({ ...start, messages: ['start', 'a'] });
  const b = await two.save({ ...same, messages: ['start', 'b'] });
  expect(b.id).not.toBe(a.id);
  const c = await two.save({ ...b, messages: ['start', 'b', 'c'] });
  expect(c.id).toBe(b.id);
  const stored = (await one.list()).map(({ messages }) => messages.join());
  expect(stored.sort()).toEqual(['start,a', 'start,b,c']);
});

const GOOD = { id: 'x', revision: 1, updatedAt: 1, messages: ['hello'], session: null };
const BROKEN: [string, unknown][] = [
  ['null', null],
  ['a number', 5],
  ['a text', 'chat'],
  ['a list', [GOOD]],
  ['a later version', { ...GOOD, version: 2, messages: { form: 'new' } }],
  ['a version of text', { ...GOOD, version: '1' }],
  ['no messages', { ...GOOD, messages: undefined }],
  ['messages by name', { ...GOOD, messages: { 0: 'hello' } }],
  ['no revision', { ...GOOD, revision: undefined }],
  ['a time of text', { ...GOOD, updatedAt: 'yesterday' }],
  ['the name of another', { ...GOOD, id: 'y' }],
];

test.each(BROKEN)(
  "a record that is %s is in nobody's way, and stays (fault 18)",
  async (_, record) => {
    await set(['chat', 'x'], record, sessionStore());
    const chats = new Conversations<string>();
    const other = await chats.save({ ...(await chats.claim()), messages: ['other'] });
    expect(await chats.list()).toEqual([other]);
    const claimed = await chats.claim('x');
    expect([claimed.id === 'x', claimed.messages]).toEqual([false, []]);
    expect(await chats.unreadable()).toEqual([[['chat', 'x'], record]]);
    const over = chats.save({ ...GOOD, messages: ['over it'] });
    await expect(over).rejects.toMatchObject({ code: 'busy' });
    expect(await get(['chat', 'x'], sessionStore())).toEqual(record);
    await chats.remove('x');
    await chats.remove(other.id);
  },
);

test('a conversation of a version before 0.2 is read, and written with one (fault 18)', async () => {
  await set(['chat', 'x'], GOOD, sessionStore());
  const chats = new Conversations<string>();
  const chat = await chats.claim('x');
  expect(chat).toEqual(GOOD);
  expect(await chats.save(chat)).toMatchObject({ version: 1, revision: 2, messages: ['hello'] });
  await chats.remove('x');
});

test('what is no conversation is left as it lies and is in nobody’s way (fault 18)', async () => {
  const use = createStore('pocketbit-session', 'records');
  const chat = { id: 'c', revision: 1, updatedAt: 1, messages: [], session: null };
  const bad: [IDBValidKey, unknown][] = [
    [['chat', 'a'], null],
    [['chat', 'b'], { ...chat, id: 'c' }],
    [['chat', 'd'], { ...chat, id: 'd', revision: '1' }],
    [['chat', 'e'], { ...chat, id: 'e', messages: null }],
    [['chat', 'f'], { ...chat, id: 'f', updatedAt: 1n }],
    [['chat', 'g'], { ...chat, id: 'g', version: 2 }],
    [['chat', 7], { ...chat, id: 7 }],
  ];
  const put = (records: [IDBValidKey, unknown][]) =>
    use('readwrite', (store) => {
      for (const [key, value] of records) store.put(value, key);
    });
  await put([...bad, [['chat', 'c'], { ...chat, updatedAt: Number.NaN }]]);
  const all = new Conversations<string>();
  expect((await all.list()).map(({ id }) => id)).toEqual(['c']);
  expect((await all.unreadable()).map(([, value]) => value)).toHaveLength(bad.length);
  expect((await all.claim('a')).id).not.toBe('a');
  for (const [key] of bad) await del(key, use);
});
