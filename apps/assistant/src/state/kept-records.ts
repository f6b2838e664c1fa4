import { isCount, isOneOf, isRecordOf, shape } from '@pocketbit/core';
import { promisifyRequest } from 'idb-keyval';
import type { Applied, Outcome, UserData } from '../actions/user-data.ts';
import { entriesUnder, transact } from './database.ts';
import { keepAside, setAside, type Unreadable } from './set-aside.ts';
import { asThing, isOutcome, type Kind, readOldForm, type Thing } from './stored-data.ts';

/** A change to store. */
export interface Work {
  /** Of an action: with this id it is carried out once, whoever asks again. Null for what may be done twice. */
  readonly id: string | null;
  make(data: UserData): Applied | { data: UserData; outcome: null };
}

/** What is stored. */
export interface Kept {
  data: UserData;
  /** Stored values that cannot be read. */
  unreadable: Unreadable[];
}

export interface Committed extends Kept {
  /** Of each change; that of an action which was carried out before is the one it had. */
  outcomes: (Outcome | null)[];
}

/** Where the user's data are stored. */
export interface KeptStore {
  /** Makes changes on what is stored now, in one transaction. Rejects where nothing was stored, and then nothing was. */
  commit(work: readonly Work[]): Promise<Committed>;
  read(): Promise<Kept>;
}

/** One record for each thing: `['kept', kind, id]`, and the name of a list as its id. */
const THINGS = 'kept';
/** What came of an action: `['done', id]`. */
const DONE = 'done';
/** All of it in one record, as versions before 0.3 store it: written beside the records, so that they can go on with it. */
const OLD_FORM = 'kept';

interface Stored {
  version: 1;
  /** Things of a kind stand in this order. */
  order: number;
  value: unknown;
}

const isStored = isRecordOf<Stored>({
  version: isOneOf<1>(1),
  order: isCount,
  value: shape<unknown>(() => true),
});
const isDone = isRecordOf<{ version: 1; outcome: Outcome }>({
  version: isOneOf<1>(1),
  outcome: isOutcome,
});

/** A thing with its place. */
interface Placed {
  kind: Kind;
  id: string;
  order: number;
  thing: Thing;
}

/** What a transaction found. */
interface Found {
  placed: Map<string, Placed>;
  bad: Map<string, Unreadable>;
  old: unknown;
}

const nameOf = (kind: Kind, id: string) => `${kind}/${id}`;
const keyOf = (kind: Kind, id: string) => [THINGS, kind, id];
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The user's data in IndexedDB. */
export const keptRecords: KeptStore = {
  commit: (work) => transact('readwrite', (records) => commitIn(records, work)),
  read: () =>
    transact('readonly', async (records) => {
      const found = await find(records);
      return { data: joined(found).data, unreadable: await unreadableIn(records, found) };
    }),
};

async function commitIn(records: IDBObjectStore, work: readonly Work[]): Promise<Committed> {
  const found = await find(records);
  const start = joined(found);
  let { data } = start;
  const outcomes: (Outcome | null)[] = [];
  for (const { id, make } of work) {
    const before = id === null ? undefined : await promisifyRequest(records.get([DONE, id]));
    const made = before === undefined ? make(data) : { data, outcome: outcomeOf(before) };
    data = made.data;
    outcomes.push(made.outcome);
    if (id !== null && before === undefined)
      records.put({ version: 1, outcome: made.outcome, at: Date.now() }, [DONE, id]);
  }
  if (!start.whole) keepAside(records, OLD_FORM, found.old);
  put(records, found, data);
  if (!start.whole || !same(data, start.earlier)) records.put(data, OLD_FORM);
  return { data, outcomes, unreadable: await unreadableIn(records, found) };
}

function outcomeOf(done: unknown): Outcome {
  return isDone(done)
    ? done.outcome
    : { kind: 'failed', message: 'This was carried out before; what came of it cannot be read.' };
}

async function find(records: IDBObjectStore): Promise<Found> {
  const [entries, old] = await Promise.all([
    entriesUnder(records, THINGS),
    promisifyRequest<unknown>(records.get(OLD_FORM)),
  ]);
  const found: Found = { placed: new Map(), bad: new Map(), old };
  for (const [key, value] of entries) {
    const placed = placedOf(key, value);
    if (placed) found.placed.set(nameOf(placed.kind, placed.id), placed);
    else found.bad.set(key.slice(1).join('/'), { key, value });
  }
  return found;
}

function placedOf([, kind, id]: IDBValidKey[], stored: unknown): Placed | null {
  if (!isStored(stored) || !isOneOf<Kind>('timer', 'reminder', 'note', 'list')(kind)) return null;
  const thing = asThing(kind, stored.value);
  if (!thing || idOf(thing) !== id) return null;
  return { kind, id, order: stored.order, thing };
}

function idOf(thing: Thing): string {
  return 'name' in thing ? thing.name : thing.id;
}

/** What the records hold, joined with what an older version has written since; `whole` where all of that could be read. */
function joined({ placed, old }: Found): { data: UserData; earlier: UserData; whole: boolean } {
  const { data: earlier, whole } = readOldForm(old);
  return { data: join(dataOf([...placed.values()]), earlier), earlier, whole };
}

function dataOf(placed: Placed[]): UserData {
  const things = placed.sort((a, b) => a.order - b.order);
  const of = <T extends Thing>(kind: Kind) =>
    things.filter((one) => one.kind === kind).map(({ thing }) => thing as T);
  return {
    timers: of('timer'),
    reminders: of('reminder'),
    lists: Object.fromEntries(
      of<{ name: string; items: string[] }>('list').map(({ name, items }) => [name, items]),
    ),
    notes: of('note'),
  };
}

/**
 * Both together: nothing that one of them holds is missing. Older versions write all they know whenever they change
 * something, so that what they lack may be what they have not heard of.
 */
function join(data: UserData, earlier: UserData): UserData {
  const lists = new Map(Object.entries(data.lists));
  for (const [name, items] of Object.entries(earlier.lists))
    lists.set(name, [...new Set([...(lists.get(name) ?? []), ...items])]);
  return {
    timers: union(data.timers, earlier.timers, (ours, theirs) =>
      STATES.indexOf(theirs.state) > STATES.indexOf(ours.state) ? theirs : ours,
    ),
    reminders: union(data.reminders, earlier.reminders, (ours, theirs) =>
      theirs.done && !ours.done ? theirs : ours,
    ),
    notes: union(data.notes, earlier.notes, (ours) => ours),
    lists: Object.fromEntries(lists),
  };
}

/** States of a timer in the order in which they follow each other. */
const STATES = ['running', 'ringing', 'done', 'cancelled'];

function union<T extends { id: string }>(ours: T[], theirs: T[], pick: (a: T, b: T) => T): T[] {
  const others = new Map(theirs.map((thing) => [thing.id, thing]));
  const both = ours.map((thing) => pick(thing, others.get(thing.id) ?? thing));
  const known = new Set(ours.map(({ id }) => id));
  return [...both, ...theirs.filter(({ id }) => !known.has(id))];
}

/** Writes the records that differ, and deletes those whose thing is gone. */
function put(records: IDBObjectStore, { placed, bad }: Found, data: UserData): void {
  const gone = new Set(placed.keys());
  let last = [...placed.values()].reduce((max, { order }) => Math.max(max, order), -1);
  for (const [kind, thing] of thingsOf(data)) {
    const id = idOf(thing);
    const name = nameOf(kind, id);
    gone.delete(name);
    const before = placed.get(name);
    if (before && same(before.thing, thing)) continue;
    const raw = bad.get(name);
    if (raw) keepAside(records, raw.key, raw.value);
    const order = before?.order ?? ++last;
    records.put({ version: 1, order, value: thing } satisfies Stored, keyOf(kind, id));
  }
  for (const name of gone) {
    const { kind, id } = placed.get(name)!;
    records.delete(keyOf(kind, id));
  }
}

function thingsOf({ timers, reminders, lists, notes }: UserData): [Kind, Thing][] {
  return [
    ...timers.map((timer): [Kind, Thing] => ['timer', timer]),
    ...reminders.map((reminder): [Kind, Thing] => ['reminder', reminder]),
    ...notes.map((note): [Kind, Thing] => ['note', note]),
    ...Object.entries(lists).map(([name, items]): [Kind, Thing] => ['list', { name, items }]),
  ];
}

async function unreadableIn(records: IDBObjectStore, { bad }: Found): Promise<Unreadable[]> {
  return [...bad.values(), ...(await setAside(records))];
}
