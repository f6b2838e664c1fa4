import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  FAULT_CHUNK_BYTES,
  type FaultOutcome,
  runFaults,
} from '../../../../tests/support/fault-runs.ts';
import { type FaultServer, startFaultServer } from '../../../../tests/support/fault-server.ts';

const SEEDS = 240;
const ABREAST = 8;

let server: FaultServer;
const outcomes: FaultOutcome[] = [];

beforeAll(async () => {
  server = await startFaultServer();
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
  const next = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      outcomes.push(await runFaults(server, seed));
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, next));
}, 300_000);

afterAll(() => server.close());

test('every schedule ends with the right bytes or a coded error, and blocks no later try', () => {
  expect(outcomes).toHaveLength(SEEDS);
  expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
});

test('most files arrive, and every kind of end occurs', () => {
  const ends = outcomes.map(({ end }) => end);
  expect(ends.filter((end) => end === 'bytes').length).toBeGreaterThan(SEEDS / 2);
  expect(new Set(ends)).toEqual(new Set(['bytes', 'network', 'integrity', 'bad-model']));
});

test('after a cut at most one chunk is fetched again', () => {
  const cuts = outcomes.filter(({ schedule }) => schedule.onlyCuts);
  expect(cuts.length).toBeGreaterThan(30);
  for (const { refetched } of cuts) expect(refetched).toBeLessThanOrEqual(FAULT_CHUNK_BYTES);
});
