import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { apply, type UserData } from '../actions/user-data.ts';
import { read, transact, write } from './database.ts';
import { keptRecords, type Work } from './kept-records.ts';
import { plain } from './plain.ts';
import { setAside } from './set-aside.ts';
import { UserDataStore } from './user-data.ts';

beforeEach(async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  await transact('readwrite', (records) => void records.clear());
});
afterEach(() => vi.unstubAllGlobals());

const NOTE = { action: 'note', text: 'room 12' } as const;
const ADD = (item: string) => ({ action: 'list', op: 'add', list: 'shopping', item }) as const;
const REMOVE = (item: string) => ({ ...ADD(item), op: 'remove' }) as const;

const carryOut = (id: string, action: Parameters<typeof apply>[1]): Work => ({
  id,
  make: (data) => apply(data, action, { now: new Date(0), id }),
});

const GOOD: UserData = {
  timers: [],
  reminders: [{ id: 'r', text: 'call mom', when: 'after work', dueAt: null, done: false }],
  lists: { errands: ['bank'] },
  notes: [{ id: 'n', text: 'good', at: 1 }],
};

const aside = () => transact('readonly', setAside);

test('an action is carried out once under one id, whoever asks again, and tells the same (fault 12)', async () => {
  const first = await keptRecords.commit([carryOut('a', NOTE)]);
  const again = await keptRecords.commit([carryOut('a', NOTE), carryOut('a', NOTE)]);
  expect(again.data.notes).toHaveLength(1);
  expect(again.outcomes).toEqual([...first.outcomes, ...first.outcomes]);
});

test('what was removed does not come back when its action is asked for again (fault 12)', async () => {
  await keptRecords.commit([carryOut('a', ADD('milk')), carryOut('b', REMOVE('milk'))]);
  const { data, outcomes } = await keptRecords.commit([carryOut('a', ADD('milk'))]);
  expect(data.lists.shopping).toEqual([]);
  expect(outcomes[0]).toMatchObject({ op: 'add', items: ['milk'] });
});

test('two stores that know nothing of each other keep what both add (fault 3)', async () => {
  const [one, two] = [new UserDataStore(() => {}), new UserDataStore(() => {})];
  await one.start();
  await two.start();
  await Promise.all([one.apply(ADD('milk')), two.apply(ADD('eggs')), one.apply(NOTE)]);
  await two.apply(ADD('bread'));
  expect([...two.data.lists.shopping!].sort()).toEqual(['bread', 'eggs', 'milk']);
  expect(two.data.notes).toHaveLength(1);
  two.clear();
  expect((await keptRecords.read()).data.notes.length).toBeLessThanOrEqual(1);
});

test('deleting everything leaves what came after the user looked (fault 3)', async () => {
  const [one, two] = [new UserDataStore(() => {}), new UserDataStore(() => {})];
  await one.start();
  await one.apply(ADD('milk'));
  await two.start();
  await one.apply(ADD('eggs'));
  two.clear();
  await two.apply({ action: 'list', op: 'show', list: 'shopping' });
  expect(two.data.lists).toEqual({ shopping: ['eggs'] });
});

test('data of older versions are read, and theirs can go on with what is written now (fault 18)', async () => {
  await write('kept', GOOD);
  const { data } = await keptRecords.commit([carryOut('a', NOTE)]);
  expect(data.notes.map(({ text }) => text)).toEqual(['good', 'room 12']);
  expect(await read('kept')).toEqual(data);
  const later = { ...data, notes: [...data.notes, { id: 'old', text: 'by an old tab', at: 2 }] };
  await write('kept', later);
  expect((await keptRecords.commit([])).data.notes).toHaveLength(3);
  expect(await aside()).toEqual([]);
});

test('where writing fails nothing of the old data is gone (fault 18)', async () => {
  await write('kept', GOOD);
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  await expect(keptRecords.commit([carryOut('a', NOTE)])).rejects.toThrow('full');
  expect((await keptRecords.read()).data).toEqual(GOOD);
  put.mockRestore();
  expect(await read('kept')).toEqual(GOOD);
});

test('a change that cannot be stored is told, stays, and is stored later (fault 3)', async () => {
  const store = new UserDataStore(() => {});
  await store.start();
  const commit = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const outcome = await store.apply(ADD('milk'), 'a');
  expect(outcome).toMatchObject({ items: ['milk'] });
  expect(store.failure).toMatchObject({ name: 'QuotaExceededError' });
  expect(store.data.lists).toEqual({ shopping: ['milk'] });
  commit.mockRestore();
  warn.mockRestore();
  await store.apply(ADD('eggs'), 'b');
  expect(store.failure).toBeNull();
  expect((await keptRecords.read()).data.lists).toEqual({ shopping: ['milk', 'eggs'] });
});

const cyclic: Record<string, unknown> = { id: 'c', text: 'x', at: 1 };
cyclic.self = cyclic;

test.each([
  ['null', null],
  ['a Date', new Date(0)],
  ['a later version', { version: 2, order: 0, value: GOOD.notes[0] }],
  ['no order', { version: 1, value: { id: 'x', text: 'a', at: 1 } }],
  ['NaN', { version: 1, order: 0, value: { id: 'x', text: 'a', at: Number.NaN } }],
  ['another id', { version: 1, order: 0, value: { id: 'y', text: 'a', at: 1 } }],
  ['a text that is a Map', { version: 1, order: 0, value: { id: 'x', text: new Map(), at: 1 } }],
])('a record that is %s is left as it lies, and the others are read (fault 18)', async (_, raw) => {
  await keptRecords.commit([carryOut('a', NOTE)]);
  await write(['kept', 'note', 'x'], raw);
  const { data, unreadable } = await keptRecords.commit([carryOut('b', ADD('milk'))]);
  expect(data.notes).toHaveLength(1);
  expect(unreadable).toEqual([{ key: ['kept', 'note', 'x'], value: raw }]);
  expect(await read(['kept', 'note', 'x'])).toEqual(raw);
});

test('a bad list that is written again is set aside first (fault 18)', async () => {
  await write(['kept', 'list', 'shopping'], { version: 9, secret: 'list' });
  const { data, unreadable } = await keptRecords.commit([carryOut('a', ADD('milk'))]);
  expect(data.lists).toEqual({ shopping: ['milk'] });
  expect((await aside()).map(({ value }) => value)).toMatchObject([
    { key: ['kept', 'list', 'shopping'], value: { version: 9, secret: 'list' } },
  ]);
  expect(unreadable.length).toBeGreaterThan(0);
  expect((await keptRecords.read()).data.lists).toEqual({ shopping: ['milk'] });
});

test.each([
  ['null', null],
  ['a text', 'kept'],
  ['a Map', new Map()],
  ['a bad note', { ...GOOD, notes: [null, ...GOOD.notes] }],
  ['a later version', { ...GOOD, version: 7 }],
  ['itself', { ...GOOD, notes: [cyclic, ...GOOD.notes], self: cyclic }],
])(
  'old data that are %s are kept as they are beside what could be read of them (fault 18)',
  async (_, raw) => {
    await write('kept', raw);
    const { data } = await keptRecords.commit([carryOut('a', NOTE)]);
    expect(data.notes.some(({ text }) => text === 'room 12')).toBe(true);
    if (raw && typeof raw === 'object' && 'notes' in raw)
      expect(data.lists).toEqual({ errands: ['bank'] });
    const kept = await aside();
    expect(kept).toHaveLength(1);
    expect(plain(kept[0]!.value)).toContain(plain(raw).slice(0, 1));
  },
);

test('an own property called __proto__ is a list like others (fault 18)', async () => {
  const { data } = await keptRecords.commit([carryOut('a', { ...ADD('milk'), list: '__proto__' })]);
  expect(Object.entries(data.lists)).toEqual([['__proto__', ['milk']]]);
  expect(Object.entries((await keptRecords.read()).data.lists)).toHaveLength(1);
});

test('anything that can be stored can be saved as a file (fault 18)', () => {
  const raw = {
    cyclic,
    at: new Date(5),
    map: new Map([[1, Number.NaN]]),
    big: 2n,
    none: undefined,
  };
  const text = plain({ ...raw, bytes: new Uint8Array([1, 2]), set: new Set(['a']) });
  expect(JSON.parse(text)).toEqual({
    cyclic: { id: 'c', text: 'x', at: 1, self: { $same: '$.cyclic' } },
    at: { $date: 5 },
    map: { $map: [[1, { $number: 'NaN' }]] },
    big: { $bigint: '2' },
    none: { $undefined: true },
    bytes: { $Uint8Array: [1, 2] },
    set: { $set: ['a'] },
  });
});
