import { type Browser, chromium } from '@playwright/test';
import { withArgs } from '../../tests/support/chromium.ts';
import {
  chunkHashes,
  FAULT_CHUNK_BYTES,
  type FaultOutcome,
  runFaults,
  sha256,
  versionsOf,
} from '../../tests/support/fault-runs.ts';
import { type Schedule, scheduleOf } from '../../tests/support/fault-schedules.ts';
import { type FaultServer, startFaultServer } from '../../tests/support/fault-server.ts';
import { siteHere } from '../../tests/support/serve.ts';
import { buildLab } from '../lab/build.ts';
import type { Check, Figure } from '../lib/report.ts';

const SEEDS = 300;
const FULL_SEEDS = 5000;
const ABREAST = 8;
const BROWSER_SEEDS = 24;
const BROWSER_ABREAST = 6;
const CHUNK_BYTES = 4 * 1024 * 1024;
const FILES = versionsOf(2.4 * CHUNK_BYTES);

export const faults: Check = {
  title:
    'servers that lie, stall, cut, truncate, change the file, ignore ranges, send others and flip bits, by seeded schedules',
  async run({ full, note }) {
    const server = await startFaultServer();
    const node = await abreast(ABREAST, full ? FULL_SEEDS : SEEDS, (seed) =>
      runFaults(server, seed),
    );
    await server.close();
    const browser = await inChromium();
    for (const [where, outcomes] of [
      ['Node', node],
      ['Chromium', browser],
    ] as const) {
      note(`${where}: ${endsOf(outcomes)}`);
      for (const { seed, wrong } of outcomes) for (const what of wrong) note(`${seed}: ${what}`);
    }
    return [
      ...figuresOf('Node, a fake IndexedDB', node, full ? FULL_SEEDS : SEEDS),
      ...figuresOf('Chromium', browser, BROWSER_SEEDS),
      refetched(node),
    ];
  },
};

type Outcome = Pick<FaultOutcome, 'seed' | 'end' | 'wrong'>;

/** How many ended how. */
function endsOf(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { end } of outcomes) counts.set(end, (counts.get(end) ?? 0) + 1);
  return [...counts].map(([end, count]) => `${count} ${end}`).join(', ');
}

function figuresOf(where: string, outcomes: readonly Outcome[], seeds: number): Figure[] {
  const bad = outcomes.filter(({ wrong }) => wrong.length > 0).length;
  return [
    {
      label: `${where}, schedules`,
      value: String(outcomes.length),
      target: `≥ ${seeds}`,
      pass: outcomes.length >= seeds,
    },
    {
      label: `${where}, that end with neither the right bytes nor a coded error, or block a later try`,
      value: String(bad),
      target: '0',
      pass: bad === 0,
    },
  ];
}

function refetched(outcomes: readonly FaultOutcome[]): Figure {
  const cuts = outcomes.filter(({ schedule }) => schedule.onlyCuts);
  const max = Math.max(...cuts.map((outcome) => outcome.refetched));
  return {
    label: `most bytes fetched again after a cut, of ${cuts.length} schedules of cuts alone`,
    value: String(max),
    target: `≤ ${FAULT_CHUNK_BYTES}, one chunk`,
    pass: cuts.length > 0 && max <= FAULT_CHUNK_BYTES,
  };
}

async function abreast<T>(
  runners: number,
  seeds: number,
  work: (seed: number) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  let next = 0;
  const go = async () => {
    while (next < seeds) found.push(await work(next++));
  };
  await Promise.all(Array.from({ length: runners }, go));
  return found;
}

/** The same in a real browser, with chunks and waits as they are shipped. */
async function inChromium(): Promise<Outcome[]> {
  await buildLab();
  const server = await startFaultServer(siteHere());
  const browser = await chromium.launch(withArgs());
  try {
    return await abreast(BROWSER_ABREAST, BROWSER_SEEDS, (seed) =>
      runInPage(browser, server, seed),
    );
  } finally {
    await browser.close();
    await server.close();
  }
}

async function runInPage(browser: Browser, server: FaultServer, seed: number): Promise<Outcome> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${server.url}/lab/`);
  await page.waitForFunction(() => 'lab' in window);
  const schedule = scheduleOf(seed);
  const run = server.serve(schedule, FILES);
  const arrive = (leaveAt?: number) =>
    page.evaluate((arrival) => window.lab.store.arrive(arrival), {
      urls: run.urls,
      ...known(schedule),
      ...(leaveAt !== undefined && { leaveAt }),
    });
  const [left] = schedule.leaves;
  let end = left === undefined ? 'aborted' : await arrive(left * FILES[0].length);
  if (end === 'aborted') end = await arrive();
  const wrong = wrongOf(end, schedule);
  if (!isHash(end)) {
    run.heal();
    const healed = await arrive();
    if (healed !== RIGHT[0]) wrong.push(`a later try: ${healed}`);
  }
  await context.close();
  return { seed, end: isHash(end) ? 'bytes' : end, wrong };
}

const RIGHT = FILES.map(sha256);
const isHash = (end: string) => /^[0-9a-f]{64}$/.test(end);

function known({ knows }: Schedule) {
  const whole = knows === 'sha256' || knows === 'both';
  const chunks = knows === 'chunks' || knows === 'both';
  return {
    ...(whole && { sha256: RIGHT[0]! }),
    ...(chunks && { chunkSha256: chunkHashes(FILES[0], CHUNK_BYTES) }),
  };
}

function wrongOf(end: string, { knows, mustArrive }: Schedule): string[] {
  if (isHash(end)) {
    const allowed = knows === 'nothing' ? RIGHT : RIGHT.slice(0, 1);
    return allowed.includes(end) ? [] : ['wrong bytes'];
  }
  if (mustArrive) return [`the file should have arrived (${end})`];
  return end.startsWith('no coded error') ? [end] : [];
}
