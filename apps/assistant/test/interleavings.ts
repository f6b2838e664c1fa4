/**
 * Two tabs and crashes over what the assistant keeps: the real code of the app's state, over an IndexedDB in memory, with
 * every wait of it released in an order that fast-check chooses. What was acknowledged is there afterwards, once.
 */
import fc from 'fast-check';
import { Conversations } from 'pocketbit';
import { transact } from '../src/state/database.ts';
import { freshId } from '../src/state/fresh-id.ts';
import { type KeptStore, keptRecords } from '../src/state/kept-records.ts';
import type { Message } from '../src/state/message.ts';
import { current, installDoubles, type Page } from './browser-doubles.ts';
import { type Step, Tab } from './tab.ts';

/** What somebody does, in a tab of two. */
export interface Operation {
  readonly tab: 0 | 1;
  readonly what: 'note' | 'add' | 'timer' | 'remove' | 'ring' | 'new chat' | 'crash';
  /** Of a crash: at which wait of its page, since that was opened or crashed last. */
  readonly after: number;
}

/** A fault put in on purpose, to see that it is found. */
export type Regression =
  /** A tab writes the copy it has in memory, as versions before 0.3 did. */
  | 'whole copy'
  /** An action's id is a new one each time it is carried out. */
  | 'random id';

export interface Exploration {
  schedules: number;
  operations: number;
  crashes: number;
  /** Waits that were released in a chosen order. */
  steps: number;
  acknowledged: number;
  lost: string[];
  doubled: string[];
  /** The first schedule that broke something, as fast-check tells it. */
  counterexample: string | null;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  tab: fc.constantFrom(0 as const, 1 as const),
  after: fc.nat(24),
  what: fc.constantFrom(
    ...([
      'note',
      'note',
      'add',
      'add',
      'timer',
      'remove',
      'ring',
      'new chat',
      'crash',
      'crash',
    ] as const),
  ),
});

const script = fc.array(operation, { minLength: 2, maxLength: 8 });

/** Some of what the schedules are made of, for tabs of a real browser. */
export function sample(count: number, seed: number): Operation[][] {
  return fc.sample(script, { numRuns: count, seed });
}

const doubles = installDoubles();
const realSave = Conversations.prototype.save;
const realClaim = Conversations.prototype.claim;
const RealDate = Date;
let shift = 0;

/** Explores so many schedules from a seed. */
export async function explore(
  schedules: number,
  seed: number,
  regression: Regression | null = null,
): Promise<Exploration> {
  const total: Exploration = {
    ...{ schedules: 0, operations: 0, crashes: 0, steps: 0, acknowledged: 0 },
    ...{ lost: [], doubled: [], counterexample: null },
  };
  const restore = holdTime();
  const property = fc.asyncProperty(
    fc.scheduler(),
    script,
    fc.array(fc.nat(9), { maxLength: 6 }),
    async (scheduler, operations, failures) => {
      const world = new World(scheduler, failures, regression);
      const { lost, doubled } = await world.play(operations);
      total.schedules++;
      total.operations += operations.length;
      total.crashes += world.crashes;
      total.steps += world.steps;
      total.acknowledged += world.acknowledged.size;
      total.lost.push(...lost);
      total.doubled.push(...doubled);
      return lost.length + doubled.length === 0;
    },
  );
  try {
    const details = await fc.check(property, { numRuns: schedules, seed, endOnFailure: true });
    if (details.failed) {
      const reason = details.errorInstance instanceof Error ? details.errorInstance.stack : '';
      total.counterexample = `${reason}\n${fc.defaultReportMessage(details)}`;
    }
  } finally {
    restore();
  }
  return total;
}

/** No timer fires by itself, and the wall clock shows what the schedule says. */
function holdTime(): () => void {
  const real = globalThis.setTimeout;
  const never = () => 0;
  globalThis.setTimeout = never as unknown as typeof setTimeout;
  globalThis.Date = class extends RealDate {
    constructor(...args: [number]) {
      super(...((args.length > 0 ? args : [RealDate.now() + shift]) as [number]));
    }
    static override now = () => RealDate.now() + shift;
  } as DateConstructor;
  const { warn } = console;
  console.warn = () => {};
  return () => {
    globalThis.setTimeout = real;
    globalThis.Date = RealDate;
    console.warn = warn;
  };
}

const never = () => new Promise<never>(() => {});

/** Turns of the event loop after which nothing comes any more. */
const STUCK = 5000;

class World {
  steps = 0;
  crashes = 0;
  /** Texts whose action was carried out, as its tab was told. */
  readonly acknowledged = new Set<string>();
  /** Texts that somebody has removed, or begun to. */
  readonly #removed = new Set<string>();
  readonly #scheduler: fc.Scheduler;
  readonly #failures: number[];
  readonly #regression: Regression | null;
  readonly #tabs: Tab[] = [];
  readonly #opening: Promise<void>[] = [];
  readonly #gone: [(() => void)[], (() => void)[]] = [[], []];
  /** Texts of the user that are in the database. */
  readonly #stored = new Set<string>();
  /** At which waits of each tab's pages those crash. */
  readonly #crashes: [number[], number[]] = [[], []];
  #commits = 0;
  /** Uses of a database on their way. */
  #busy = 0;

  constructor(scheduler: fc.Scheduler, failures: number[], regression: Regression | null) {
    this.#scheduler = scheduler;
    this.#failures = failures;
    this.#regression = regression;
  }

  /** Plays the operations of each tab in turn, those of both at once, and looks at what is there afterwards. */
  async play(operations: readonly Operation[]): Promise<{ lost: string[]; doubled: string[] }> {
    shift = 0;
    await emptyDatabases();
    doubles.reset(
      (receive) => void this.#scheduler.schedule(Promise.resolve(), 'news').then(receive),
    );
    this.#patchConversations();
    const all = operations.map((one, i) => ({
      ...one,
      text: one.what === 'timer' ? `${i + 1} minutes` : `${one.what} ${i}`,
    }));
    for (const tab of [0, 1] as const) this.#open(tab, new Map());
    for (const { tab, after } of all.filter(({ what }) => what === 'crash'))
      this.#crashes[tab].push(after);
    const actors = ([0, 1] as const).map((tab) =>
      this.#act(all.filter((one) => one.tab === tab && one.what !== 'crash')),
    );
    await this.#run(Promise.all(actors));
    this.#crashes[0].length = this.#crashes[1].length = 0;
    await this.#run(this.#settle());
    return this.#judge();
  }

  /** Releases one wait after the other, each when the database has nothing more to do, until `work` is over. */
  async #run(work: Promise<unknown>): Promise<void> {
    let over = false;
    const end = work.finally(() => {
      over = true;
    });
    for (let stuck = 0; !over; stuck++) {
      for (let idle = 0; idle < 3 && stuck < STUCK; idle = this.#busy > 0 ? 0 : idle + 1, stuck++)
        await new Promise((resolve) => setImmediate(resolve));
      if (stuck > STUCK) throw new Error(`nothing goes on; ${this.#busy} uses of a database`);
      if (this.#scheduler.count() === 0) continue;
      await this.#scheduler.waitOne();
      stuck = 0;
    }
    await end;
  }

  #step(page: Page): Step {
    return async (label, work) => {
      await this.#wait(page, label);
      this.#busy++;
      const result = await work().finally(() => {
        this.#busy--;
      });
      await this.#wait(page, `${label}, done`);
      return result;
    };
  }

  /** A wait of a page, which may be its last. */
  async #wait(page: Page, label: string): Promise<void> {
    this.steps++;
    await this.#scheduler.schedule(Promise.resolve(), label);
    const index = this.#tabs[0]?.page === page ? 0 : 1;
    const crashes = this.#crashes[index];
    if (!page.dead && crashes.length > 0 && crashes[0]!-- <= 0) {
      crashes.shift();
      this.#crash(index);
    }
    if (page.dead) await never();
  }

  #open(index: 0 | 1, storage: Map<string, string>): void {
    const page: Page = { storage, dead: false };
    current.run(page, () => {
      const step = this.#step(page);
      const records = this.#records(step);
      const random = this.#regression === 'random id';
      const tab = new Tab(page, { records, step, ...(random && { actionId: () => freshId() }) });
      this.#tabs[index] = tab;
      this.#opening[index] = tab.open();
      this.#opening[index].catch(() => {});
    });
  }

  /** The store, with a wait before and after each use of it, and with uses that fail. */
  #records(step: Step): KeptStore {
    const real = this.#regression === 'whole copy' ? wholeCopy() : keptRecords;
    return {
      read: () => step('read', () => real.read()),
      commit: (work) =>
        step('commit', async () => {
          if (
            work.length > 0 &&
            this.#failures.includes(this.#commits++ % 10) &&
            this.#commits < 20
          )
            throw new DOMException('full', 'QuotaExceededError');
          return real.commit(work);
        }),
    };
  }

  #patchConversations(): void {
    const through = this.#throughStep;
    const written = this.#stored;
    Conversations.prototype.save = function (chat) {
      return through('save', async () => {
        const saved = await realSave.call(this, chat);
        for (const { role, text } of saved.messages as Message[])
          if (role === 'user') written.add(text);
        return saved;
      }) as ReturnType<typeof realSave> as never;
    };
    Conversations.prototype.claim = function (...args) {
      return through('claim', () => realClaim.apply(this, args)) as never;
    };
  }

  readonly #throughStep: Step = (label, work) => {
    const page = current.getStore();
    return page ? this.#step(page)(label, work) : work();
  };

  async #act(operations: readonly (Operation & { text: string })[]): Promise<void> {
    for (const one of operations) {
      await this.#scheduler.schedule(Promise.resolve(), one.text);
      for (;;) {
        const tab = this.#tabs[one.tab]!;
        const gone = new Promise<void>((resolve) => void this.#gone[one.tab].push(resolve));
        await Promise.race([this.#opening[one.tab], gone]);
        if (tab.page.dead || tab !== this.#tabs[one.tab]) continue;
        await Promise.race([current.run(tab.page, () => this.#do(tab, one)), gone]);
        break;
      }
    }
  }

  async #do(tab: Tab, { what, text }: Operation & { text: string }): Promise<void> {
    if (what === 'ring') {
      shift += 11 * 60_000;
      return tab.userData.refresh();
    }
    if (what === 'new chat') return tab.chat.begin();
    if (what === 'remove') return this.#remove(tab);
    const answer = await tab.send(JSON.stringify(ACTIONS[what as 'note'](text)));
    // What could not be stored was told, and may end with its page.
    const told = tab.userData.failure !== null;
    if (!tab.page.dead && !told && isDone(answer)) this.acknowledged.add(text);
  }

  #remove({ userData }: Tab): void {
    const note = userData.data.notes[0];
    const item = userData.data.lists.shopping?.[0];
    if (note) {
      this.#removed.add(note.text);
      userData.removeNote(note.id);
    } else if (item) {
      this.#removed.add(item);
      userData.removeItem('shopping', item);
    }
  }

  /** Ends a page in the middle of whatever it does, and opens it anew. */
  #crash(index: 0 | 1): void {
    this.crashes++;
    const { page } = this.#tabs[index]!;
    page.dead = true;
    this.#open(index, page.storage);
    for (const wake of this.#gone[index].splice(0)) wake();
  }

  /** Lets both tabs store what they have, and opens them once more: what a crash has cut off goes on. */
  async #settle(): Promise<void> {
    this.#failures.length = 0;
    for (const index of [0, 1] as const) {
      await this.#opening[index];
      const tab = this.#tabs[index]!;
      const show = { action: 'list', op: 'show', list: 'shopping' } as const;
      await current.run(tab.page, () => tab.userData.apply(show));
      await current.run(tab.page, () => {
        tab.chat.save();
        return tab.chat.leave();
      });
      tab.page.dead = true;
      this.#open(index, tab.page.storage);
      await this.#opening[index];
    }
  }

  async #judge(): Promise<{ lost: string[]; doubled: string[] }> {
    const { data } = await keptRecords.read();
    const kept = [
      ...data.notes.map(({ text }) => text),
      ...data.timers.map(({ label }) => label),
      ...(data.lists.shopping ?? []),
    ];
    const chats = await new Conversations<Message>().list();
    const asked = chats.flatMap(({ messages }) =>
      messages.filter(({ role }) => role === 'user').map(({ text }) => text),
    );
    const wanted = [...this.acknowledged].filter((text) => !this.#removed.has(text));
    const twice = (texts: string[]) => texts.filter((text, i) => texts.indexOf(text) !== i);
    return {
      lost: [
        ...wanted.filter((text) => !kept.includes(text)),
        ...[...this.#stored].filter((text) => !asked.includes(text)),
      ],
      doubled: [...twice(kept), ...twice(asked)],
    };
  }
}

const ACTIONS = {
  note: (text: string) => ({ action: 'note', text }),
  add: (text: string) => ({ action: 'list', op: 'add', list: 'shopping', item: text }),
  timer: (duration: string) => ({ action: 'timer', duration }),
} as const;

function isDone({ outcome, state }: Message): boolean {
  return state === 'done' && outcome !== undefined && outcome.kind !== 'failed';
}

/** The store as it was before there were records: each tab writes all that it has in memory. */
function wholeCopy(): KeptStore {
  let copy: Awaited<ReturnType<KeptStore['read']>> | null = null;
  return {
    read: () => keptRecords.read(),
    async commit(work) {
      copy ??= await keptRecords.read();
      const outcomes = work.map(({ make }) => {
        const made = make(copy!.data);
        copy!.data = made.data;
        return made.outcome;
      });
      const { data } = copy;
      if (work.length > 0)
        await transact('readwrite', (records) => void records.clear()).then(() =>
          keptRecords.commit([{ id: null, make: () => ({ data, outcome: null }) }]),
        );
      else copy = await keptRecords.read();
      return { ...copy, outcomes };
    },
  };
}

async function emptyDatabases(): Promise<void> {
  await transact('readwrite', (records) => void records.clear());
  const chats = new Conversations<Message>();
  Conversations.prototype.save = realSave;
  Conversations.prototype.claim = realClaim;
  for (const { id } of await chats.list()) await chats.remove(id);
}
