import type { ByteSource, ModelPlan } from '@pocketbit/core';
import { describe, expect, test } from 'vitest';
import { fileOf, type Probe, runCampaign, subjects } from '../../core/test/fuzz/campaign.ts';
import { clock, collect, memory, stopwatch } from '../../core/test/fuzz/gauges.ts';
import { originals } from '../../core/test/fuzz/originals.ts';
import { type Outcome, STAGES, useFile } from '../../core/test/fuzz/use.ts';
import { VirtualFile } from '../../core/test/fuzz/virtual-file.ts';
import { loadTensors } from './load.ts';

const FIRST_SEED = 20_261_122;
const CASES = 6000;
const SLOWEST_MS = 1000;
const LARGEST_BYTES = 64e6;

/** Reads all weights and drops them. */
function readWeights({ tensors }: ModelPlan, source: ByteSource): Promise<void> {
  const nothing = () => {};
  const sink = { reserve: nothing, beginTensor: nothing, push: nothing, endTensor: nothing };
  return loadTensors({ tensors, residentBytes: 0 }, source, { ...sink, finish: nothing });
}

const use = (file: VirtualFile) => useFile(file, readWeights);
const probe: Probe = { clock, stopwatch, memory, collect, use };

test.each(originals())('unedited, $name loads', async ({ header, fileSize }) => {
  expect(await use(new VirtualFile(header, fileSize))).toMatchObject({ kind: 'loaded' });
});

// The long form, a million: `npm run show -- store --only fuzz`.
test(`${CASES} edited headers load or are refused with a code, quickly and in little memory`, async () => {
  const report = await runCampaign(FIRST_SEED, CASES, probe);
  expect(report.failures).toEqual([]);
  expect(report.cases).toBe(CASES);
  expect(report.slowest.value, `seed ${report.slowest.seed}`).toBeLessThan(SLOWEST_MS);
  expect(report.largest.value, `seed ${report.largest.seed}`).toBeLessThan(LARGEST_BYTES);
  // Some edits do no harm, and the others fail in many ways and at each step: else the fuzzer edits the wrong things.
  expect(report.loaded).toBeGreaterThan(CASES / 10);
  expect(report.loaded).toBeLessThan(CASES / 2);
  for (const stage of STAGES.filter((stage) => stage !== 'weights')) {
    expect(report.refusedAt[stage], stage).toBeGreaterThan(CASES / 100);
  }
  expect(Object.keys(report.reasons).length).toBeGreaterThan(80);
}, 60_000);

test('a seed tells all about its case', () => {
  const [first, second] = [fileOf(subjects(), 77), fileOf(subjects(), 77)];
  expect(second.header).toEqual(first.header);
  expect(second.size).toBe(first.size);
  expect(fileOf(subjects(), 78).header).not.toEqual(first.header);
});

// The es2022 library, which is all that this package is checked with, does not know it.
const { WebAssembly: engine } = globalThis as unknown as {
  WebAssembly: { instantiate(module: Uint8Array): Promise<unknown> };
};

describe('the campaign tells', () => {
  const refused: Outcome = { kind: 'refused', stage: 'header', reason: 'as planted' };
  const campaignOf = (planted: Partial<Probe>) => runCampaign(7, 1, { ...probe, ...planted });

  test('a throw without a code', async () => {
    const error = new TypeError('of undefined');
    const { failures } = await campaignOf({
      use: async () => ({ kind: 'threw', stage: 'plan', error }),
    });
    expect(failures).toEqual(['seed 7: TypeError: of undefined']);
  });

  test('a second in one header', async () => {
    const use = async () => refused;
    const { slowest } = await campaignOf({
      clock: () => () => 1002,
      stopwatch: () => () => 1001,
      use,
    });
    expect(slowest).toEqual({ value: 1001, seed: 7 });
  });

  test.each<[string, (bytes: number) => unknown]>([
    ['buffers', (bytes) => new Uint8Array(bytes).fill(1)],
    ['objects', (bytes) => Array.from({ length: bytes / 100 }, (_, i) => [i, String(i)])],
  ])('memory in %s', async (_, take) => {
    let held: unknown;
    const use = async () => {
      held = take(80e6);
      return refused;
    };
    const { largest } = await campaignOf({ use });
    expect(largest.value).toBeGreaterThan(64e6);
    expect(held).toBeDefined();
  });

  test('memory that is let go within a case, while it reads', async () => {
    const use = async (file: VirtualFile) => {
      const held = new Uint8Array(80e6);
      await file.read(0, 1);
      expect(held).toHaveLength(80e6);
      return refused;
    };
    expect((await campaignOf({ use })).largest.value).toBeGreaterThan(64e6);
  });

  test('a trap', async () => {
    // A module whose start function is `unreachable`.
    const module = new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
      ...[8, 1, 0, 10, 5, 1, 3, 0, 0, 0x0b],
    ]);
    const { header, fileSize } = originals()[0]!;
    const loaded = async () => {
      await engine.instantiate(module);
    };
    const use = () => useFile(new VirtualFile(header, fileSize));
    const { failures } = await campaignOf({ use, loaded });
    expect(failures).toEqual(['seed 7: RuntimeError: unreachable']);
  });
});
