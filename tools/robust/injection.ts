// Single-fault injection: every fallible platform call of every journey, one at a time, in Chromium.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { cachedModel, TINY } from '../../tests/models/random.ts';
import { launchOptions } from '../../tests/support/chromium.ts';
import { cacheFolder } from '../../tests/support/paths.ts';
import { buildLab } from '../lab/build.ts';
import { type Check, type Context, type Figure, seconds } from '../lib/report.ts';
import {
  allFaults,
  chooseFaults,
  faultOf,
  idOf,
  type JourneyFault,
  type Outcome,
  type Recorded,
  record,
  runFault,
} from './campaign.ts';
import { commit } from './commit.ts';
import { buildShim, buildUpdate, InjectingSite } from './injecting-site.ts';
import { JOURNEYS } from './journeys.ts';
import * as options from './options.ts';

/** Runs side by side. */
const LANES = 2;
const FAULTS = 520;
const SEED = 10;
/** Runs after which a lane takes a fresh browser. */
const PER_BROWSER = 120;

export const injection: Check = {
  title: 'one platform call failed, delayed or doubled at a time; then the app is started again',
  async run(context): Promise<Figure[]> {
    await prepare();
    const lanes = await startLanes();
    try {
      return options.replay
        ? await replayed(lanes, options.replay, context)
        : await campaign(lanes, context);
    } finally {
      for (const lane of lanes) await lane.close();
    }
  },
};

/** A model of three chunks, the lab, the assistant's next version. */
async function prepare(): Promise<void> {
  await buildLab();
  await buildUpdate();
  cachedModel({ ...TINY, name: 'robust', vocab: 16384 }, 1);
}

/** A site and a browser for one run at a time. */
class Lane {
  readonly site: InjectingSite;
  #browser: Browser | null = null;
  #runs = 0;

  constructor(site: InjectingSite) {
    this.site = site;
  }

  async browser(): Promise<Browser> {
    if (this.#runs++ % PER_BROWSER === 0 || !this.#browser?.isConnected()) {
      await this.#browser?.close().catch(() => {});
      this.#browser = await chromium.launch(launchOptions);
    }
    return this.#browser;
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.site.close();
  }
}

async function startLanes(): Promise<Lane[]> {
  const shim = await buildShim();
  return Promise.all(
    Array.from({ length: LANES }, async () => new Lane(await InjectingSite.start(shim))),
  );
}

/** Lets the lanes take work from one line. */
async function inLanes<T>(
  lanes: readonly Lane[],
  work: T[],
  act: (lane: Lane, one: T) => Promise<void>,
) {
  const line = [...work];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let one = line.shift(); one !== undefined; one = line.shift()) await act(lane, one);
    }),
  );
}

/** One run; another where the browser itself went down in it. */
async function attempt(
  lane: Lane,
  fault: JourneyFault,
  expected: Map<string, string>,
): Promise<Outcome> {
  const browser = await lane.browser();
  const outcome = await runFault(browser, lane.site, fault, expected);
  if (browser.isConnected()) return outcome;
  return runFault(await lane.browser(), lane.site, fault, expected);
}

async function recordAll(lanes: readonly Lane[], names: string[]): Promise<Map<string, Recorded>> {
  const recorded = new Map<string, Recorded>();
  await inLanes(lanes, names, async (lane, name) => {
    recorded.set(name, await record(await lane.browser(), lane.site, name));
  });
  return new Map(names.map((name) => [name, recorded.get(name)!]));
}

/** One fault again, or all that a pattern with `*` names. */
async function replayed(lanes: readonly Lane[], id: string, { note }: Context): Promise<Figure[]> {
  const pattern = new RegExp(`^${id.split('*').map(escaped).join('.*')}$`);
  const names = Object.keys(JOURNEYS).filter(
    (name) => id.startsWith('*') || id.startsWith(`${name}:`),
  );
  const recorded = await recordAll(lanes, names);
  const named = allFaults(recorded).filter((fault) => pattern.test(idOf(fault)));
  const faults = id.includes('*') ? named : [faultOf(id)];
  const outcomes = [...recorded.values()].map(({ outcome }) => outcome);
  await inLanes(lanes, faults, async (lane, fault) => {
    const { expected } = recorded.get(fault.journey)!;
    const outcome = await attempt(lane, fault, expected);
    outcomes.push(outcome);
    note(`${outcome.id} met at ${outcome.hit ?? 'no call'}`);
    noteBroken([outcome], note);
  });
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0).length;
  return [figure(`${id}: runs that broke an invariant, of ${faults.length}`, broken)];
}

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

async function campaign(lanes: readonly Lane[], context: Context): Promise<Figure[]> {
  const start = performance.now();
  const { full, note } = context;
  const recorded = await recordAll(lanes, Object.keys(JOURNEYS));
  noteCalls(recorded, note);
  const clean = [...recorded.values()].map(({ outcome }) => outcome);
  noteBroken(clean, note);
  const all = allFaults(recorded);
  const chosen = full ? all : chooseFaults(all, options.faults ?? FAULTS, SEED);
  const log = new Log(full);
  const left = chosen.filter((fault) => !log.outcomes.has(idOf(fault)));
  note(
    `${all.length} faults are possible, ${chosen.length} chosen, ${chosen.length - left.length} of them in the log ${log.path} of commit ${commit}`,
  );
  await inLanes(lanes, left, async (lane, fault) => {
    const { expected } = recorded.get(fault.journey)!;
    log.add(await attempt(lane, fault, expected));
    const { size } = log.outcomes;
    if (size % 50 === 0) note(`${size} faults after ${seconds(performance.now() - start)}`);
  });
  const outcomes = chosen.map((fault) => log.outcomes.get(idOf(fault))!);
  noteBroken(outcomes, note);
  noteKinds(chosen, log.outcomes, note);
  note(`${outcomes.length} faults in ${seconds(performance.now() - start)}`);
  return figures(all, chosen, [...clean, ...outcomes], full);
}

/** What was found before, so that a long campaign can be gone on with; of one commit. */
class Log {
  readonly path: string;
  readonly outcomes = new Map<string, Outcome>();

  constructor(resume: boolean) {
    const folder = join(cacheFolder, 'robust');
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `injection-${resume ? 'full-' : ''}${commit}.jsonl`);
    if (!resume) rmSync(this.path, { force: true });
    if (!existsSync(this.path)) return;
    for (const line of readFileSync(this.path, 'utf8').split('\n').filter(Boolean)) {
      const outcome = JSON.parse(line) as Outcome;
      this.outcomes.set(outcome.id, outcome);
    }
  }

  add(outcome: Outcome): void {
    this.outcomes.set(outcome.id, outcome);
    appendFileSync(this.path, `${JSON.stringify(outcome)}\n`);
  }
}

function noteBroken(outcomes: readonly Outcome[], note: (text: string) => void): void {
  for (const { id, broken } of outcomes) {
    if (broken.length > 0) note(`BROKEN --replay ${id}\n  ${broken.join('\n  ')}`);
  }
}

function noteCalls(recorded: ReadonlyMap<string, Recorded>, note: (text: string) => void): void {
  for (const [journey, { counts, outcome }] of recorded) {
    const realms = [...counts].map(([realm, calls]) => {
      const sum = Object.values(calls).reduce((total, count) => total + count, 0);
      return `${realm} ${sum}`;
    });
    note(`${journey}: calls ${realms.join(', ')}; ${seconds(outcome.ms)}`);
  }
}

function noteKinds(
  chosen: readonly JourneyFault[],
  outcomes: ReadonlyMap<string, Outcome>,
  note: (text: string) => void,
): void {
  const rows = new Map<string, { runs: number; met: number; broken: number }>();
  for (const fault of chosen) {
    const row = rows.get(fault.kind) ?? { runs: 0, met: 0, broken: 0 };
    const { hit, broken } = outcomes.get(idOf(fault))!;
    row.runs++;
    if (hit) row.met++;
    if (broken.length > 0) row.broken++;
    rows.set(fault.kind, row);
  }
  for (const [kind, { runs, met, broken }] of [...rows].sort()) {
    note(`${kind}: ${runs} faults, ${met} met, ${broken} broke an invariant`);
  }
}

function figures(
  all: readonly JourneyFault[],
  chosen: readonly JourneyFault[],
  outcomes: readonly Outcome[],
  full: boolean,
): Figure[] {
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0).length;
  const met = outcomes.filter(({ hit }) => hit !== null).length;
  const kinds = (faults: readonly JourneyFault[]) =>
    new Set(faults.map(({ journey, kind }) => `${journey} ${kind}`)).size;
  const floor = options.faults ?? (full ? Math.round(all.length * 0.9) : 500);
  return [
    {
      label: 'kinds of call of all journeys',
      value: `${kinds(chosen)} of ${kinds(all)}`,
      target: 'each at least once',
      pass: kinds(chosen) === kinds(all),
    },
    { label: 'faults met', value: `${met}`, target: `≥ ${floor}`, pass: met >= floor },
    figure('runs that broke an invariant', broken),
  ];
}

function figure(label: string, count: number): Figure {
  return { label, value: String(count), target: '0', pass: count === 0 };
}
