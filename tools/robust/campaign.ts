// Which faults a campaign has, one run of each, and what came of them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from '@playwright/test';
import { words } from '../../tests/models/fill.ts';
import type { InjectingSite } from './injecting-site.ts';
import { JOURNEYS } from './journeys.ts';
import { MODES } from './modes.ts';
import { Broken, Play } from './play.ts';
import type { Fault } from './shim/fault.ts';

export interface JourneyFault extends Fault {
  readonly journey: string;
}

/** What came of one run. */
export interface Outcome {
  readonly id: string;
  /** Where the call was, or null where it was not made this time. */
  readonly hit: string | null;
  /** What is broken; empty where all invariants hold. */
  readonly broken: readonly string[];
  readonly ms: number;
}

/** Calls of a journey without faults, by realm and kind, and its results by name. */
export interface Recorded {
  readonly counts: Map<string, Record<string, number>>;
  readonly expected: Map<string, string>;
  readonly outcome: Outcome;
}

const RUN_MS = 240_000;
/** Time for what a closed page has still to tell. */
const TELL_MS = 80;

export function idOf({ journey, realm, kind, ordinal, mode }: JourneyFault): string {
  return [journey, realm, kind, ordinal, mode].join(':');
}

export function faultOf(id: string): JourneyFault {
  const [journey = '', realm = '', kind = '', ordinal = '', mode = ''] = id.split(':');
  if (!JOURNEYS[journey] || !MODES[kind]?.includes(mode) || !(Number(ordinal) > 0)) {
    throw new Error(`no fault ${id}; one is journey:realm:kind:ordinal:mode`);
  }
  return { journey, realm, kind, ordinal: Number(ordinal), mode };
}

/** Runs a journey without a fault. */
export async function record(
  browser: Browser,
  site: InjectingSite,
  journey: string,
): Promise<Recorded> {
  const expected = new Map<string, string>();
  const { outcome, counts } = await run(browser, site, journey, null, expected);
  return { counts, expected, outcome };
}

/** Runs a journey with one fault, starts the app again and says what is broken. */
export async function runFault(
  browser: Browser,
  site: InjectingSite,
  fault: JourneyFault,
  expected: Map<string, string>,
): Promise<Outcome> {
  return (await run(browser, site, fault.journey, fault, expected)).outcome;
}

async function run(
  browser: Browser,
  site: InjectingSite,
  name: string,
  fault: JourneyFault | null,
  expected: Map<string, string>,
) {
  const start = performance.now();
  site.begin(null);
  const play = new Play(browser, site, fault, expected);
  await untilOver(phases(play, name, fault), play);
  await play.end().catch(() => {});
  const { counts, unhandled, hit } = site.told;
  play.broken.push(...unhandled.map((text) => `unhandled in ${text}`));
  const ms = performance.now() - start;
  const id = fault ? idOf(fault) : `${name} without a fault`;
  return { outcome: { id, hit, broken: play.broken, ms }, counts };
}

async function untilOver(work: Promise<void>, play: Play): Promise<void> {
  const over = new AbortController();
  const late = sleep(RUN_MS, undefined, { signal: over.signal }).then(() => {
    throw new Broken('the run: never over');
  });
  late.catch(() => {});
  try {
    await Promise.race([work, late]);
  } catch (error) {
    const text = error instanceof Broken ? error.message : `the run: ${(error as Error).message}`;
    play.broken.push(text.split('\n').slice(0, 2).join(' '));
  }
  over.abort();
}

async function phases(play: Play, name: string, fault: Fault | null): Promise<void> {
  const { serviceWorker = false, before, during, after } = JOURNEYS[name]!;
  const { site } = play;
  await play.begin(serviceWorker ? 'allow' : 'block');
  await before?.(play);
  site.fault = fault;
  try {
    await during(play);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    play.broken.push(error.message);
    await play.closePages();
  }
  await sleep(TELL_MS);
  site.fault = null;
  await after(play);
}

/** Every fault that the recorded calls allow. */
export function allFaults(recorded: ReadonlyMap<string, Recorded>): JourneyFault[] {
  return [...recorded].flatMap(([journey, { counts }]) =>
    [...counts].flatMap(([realm, calls]) =>
      Object.entries(calls).flatMap(([kind, count]) =>
        Array.from({ length: count }, (_, i) => i + 1).flatMap((ordinal) =>
          (MODES[kind] ?? []).map((mode) => ({ journey, realm, kind, ordinal, mode })),
        ),
      ),
    ),
  );
}

/**
 * A seeded choice: one of every mode of every kind, one of every kind of every journey, and of the rest so
 * many that there are `count`, every kind of every journey alike.
 */
export function chooseFaults(all: readonly JourneyFault[], count: number, seed: number) {
  const draw = words(seed);
  const shuffled = all
    .map((fault) => ({ fault, key: draw() }))
    .sort((a, b) => a.key - b.key)
    .map(({ fault }) => fault);
  const chosen = new Map<string, JourneyFault>();
  const taken = new Map<string, number>();
  const take = (fault: JourneyFault) => {
    chosen.set(idOf(fault), fault);
    for (const group of groupsOf(fault)) taken.set(group, (taken.get(group) ?? 0) + 1);
  };
  for (const fault of shuffled) {
    if (groupsOf(fault).some((group) => !taken.has(group))) take(fault);
  }
  const rest = shuffled.filter((fault) => !chosen.has(idOf(fault)) && !isLong(fault));
  for (let share = 2; chosen.size < count && chosen.size < all.length; share++) {
    for (const fault of rest) {
      const [kind = ''] = groupsOf(fault).slice(-1);
      if (chosen.size < count && (taken.get(kind) ?? 0) < share && !chosen.has(idOf(fault)))
        take(fault);
    }
    if (share > all.length) break;
  }
  return [...chosen.values()];
}

/** What there is to be one of. Modes that take a minute are had once each, not in every journey. */
function groupsOf(fault: JourneyFault): string[] {
  const { journey, kind, mode } = fault;
  const mine = `${kind}:${mode}`;
  return isLong(fault) ? [mine] : [mine, `${journey}:${kind}`];
}

const isLong = ({ mode }: Fault) => mode.startsWith('dies');
