import { median } from '@pocketbit/ui';
import { withLab } from '../lib/lab.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';
import { workloadOf } from './models.ts';

const MODELS = ['125m-tq2_0', '1.3b-tq2_0'];
const CONTEXT = 512;
const ROUNDS = 5;
const TIMING_LOADS = 4;

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const times = (ratio: number) => `${ratio.toFixed(2)} ×`;

export const warmLoad: Check = {
  title: `loads in Chromium: from IndexedDB to the first token beside a bare read of the same records, in turns, median of ${ROUNDS}; from the server beside its slowest part`,
  async run({ note }) {
    const figures: Figure[] = [];
    for (const model of MODELS) figures.push(...(await figuresOf(model, note)));
    return figures;
  },
};

async function figuresOf(model: string, note: (text: string) => void): Promise<Figure[]> {
  const { url } = await workloadOf(model);
  const found = await measure(url);
  const { bytes, plain, warm, cold, store, fetch } = found;
  note(
    `${model}, ${(bytes / 1e6).toFixed(0)} MB: bare read ${seconds(plain)}, warm ${seconds(warm)}; ` +
      `fetched and let go ${seconds(fetch)}, stored ${seconds(store)}, cold ${seconds(cold)}`,
  );
  return [
    bounded(`${model}, warm load by bare read`, found.ratio, { max: 1.5 }, times),
    bounded(
      `${model}, cold load by the longer of storing alone and loading alone`,
      cold / Math.max(store, warm),
      { max: 1.25 },
      times,
    ),
  ];
}

/** Milliseconds, and the bytes that were read. */
interface Round {
  storeMs: number;
  fetchMs: number;
  warmMs: number;
  plainMs: number;
  coldMs: number;
  bytes: number;
}

async function measure(url: string) {
  return withLab(async ({ page }) => {
    const call = <T>(work: (input: readonly [string, number]) => Promise<T>) =>
      page.evaluate(work, [url, CONTEXT] as const);
    const rounds: Round[] = [];
    // The first loads also time kernels, for those that follow.
    for (let load = 0; load < TIMING_LOADS; load++) {
      await call(([source, context]) => window.lab.store.timeToToken(source, context));
    }
    while (rounds.length < ROUNDS) {
      await call(() => window.lab.store.forgetAll());
      const { storeMs, fetchMs } = await call(([source]) => window.lab.store.timeToStore(source));
      const warmMs = await call(([source, n]) => window.lab.store.timeToToken(source, n));
      const { ms: plainMs, bytes } = await call(() => window.lab.store.readPlainly());
      await call(() => window.lab.store.forgetAll());
      const coldMs = await call(([source, n]) => window.lab.store.timeToToken(source, n));
      rounds.push({ storeMs, fetchMs, warmMs, plainMs, coldMs, bytes });
    }
    const middle = (pick: (round: Round) => number) => median(rounds.map(pick));
    return {
      bytes: rounds[0]!.bytes,
      plain: middle((round) => round.plainMs),
      warm: middle((round) => round.warmMs),
      cold: middle((round) => round.coldMs),
      store: middle((round) => round.storeMs),
      fetch: middle((round) => round.fetchMs),
      ratio: middle(({ warmMs, plainMs }) => warmMs / plainMs),
    };
  });
}
