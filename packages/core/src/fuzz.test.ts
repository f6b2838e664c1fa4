import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { runCampaign } from '../test/fuzz/campaign.ts';
import { originals } from '../test/fuzz/originals.ts';
import { useFile } from '../test/fuzz/use.ts';
import { VirtualFile } from '../test/fuzz/virtual-file.ts';

const FIRST_SEED = 20_261_122;
const CASES = 12_000;
/** Of processor time, several times what the slowest takes; the long form measures. */
const SLOWEST_MS = 1000;
const LARGEST_BYTES = 64 * 1024 * 1024;

test.each(originals())('unedited, $name loads', async ({ header, fileSize }) => {
  expect(await useFile(new VirtualFile(header, fileSize))).toMatchObject({ kind: 'loaded' });
});

// The long form, a million: `npm run show -- store --only fuzz`.
test(`${CASES} edited headers load or are refused with a code, quickly and in little memory`, async () => {
  const report = await runCampaign(FIRST_SEED, CASES, {
    now: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    memory: () => {
      const { used_heap_size, external_memory } = getHeapStatistics();
      return used_heap_size + external_memory;
    },
  });
  expect(report.failures).toEqual([]);
  expect(report.cases).toBe(CASES);
  expect(report.slowest.value, `seed ${report.slowest.seed}`).toBeLessThan(SLOWEST_MS);
  expect(report.largest.value, `seed ${report.largest.seed}`).toBeLessThan(LARGEST_BYTES);
  // Some edits do no harm, and the others fail in many ways: else the fuzzer edits the wrong things.
  expect(report.loaded).toBeGreaterThan(CASES / 50);
  expect(report.loaded).toBeLessThan(CASES / 2);
  expect(Object.keys(report.reasons).length).toBeGreaterThan(50);
}, 120_000);
