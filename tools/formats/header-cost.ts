import type { CDPSession, Page } from '@playwright/test';
import type { FamilyModel } from '../../tests/models/families.ts';
import { hollowFamily } from '../../tests/models/files.ts';
import { PUBLISHED } from '../../tests/models/published.ts';
import { withLab } from '../lib/lab.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

const MAX_MS = 300;
const MAX_MB = 60;
/** A busy machine slows single runs; the best of these is the reader's own time. */
const RUNS = 5;

export const headerCost: Check = {
  title: 'reading a header with a vocabulary of 150,000 entries in Chromium',
  run: ({ note }) =>
    withLab(async ({ page }) => {
      const session = await page.context().newCDPSession(page);
      const figures: Figure[] = [];
      for (const model of [PUBLISHED['bonsai-1.7b'], PUBLISHED['bitnet-2b4t']] as FamilyModel[]) {
        figures.push(...(await measure(page, session, model, note)));
      }
      return figures;
    }),
};

async function measure(
  page: Page,
  session: CDPSession,
  model: FamilyModel,
  note: (text: string) => void,
): Promise<Figure[]> {
  const name = hollowFamily(model).split('/').at(-1)!;
  await page.evaluate((url) => window.lab.headerSteps.fetch(url), `../files/${name}`);
  const runs: { ms: number; extra: number }[] = [];
  for (let i = 0; i < RUNS; i++) {
    const before = await collectedHeap(session);
    const ms = await page.evaluate(() => window.lab.headerSteps.read());
    // Nothing is collected between: garbage of the reader counts too.
    runs.push({ ms, extra: (await heap(session)) - before });
  }
  const before = await collectedHeap(session);
  const built = await page.evaluate(() => window.lab.headerSteps.tokenizer());
  const peak = await heap(session);
  const after = await collectedHeap(session);
  note(
    `${model.name}: tokenizer built in ${built.toFixed(0)} ms, ${megabytes(peak - before)} more heap ` +
      `meanwhile, ${megabytes(after - before)} more once the header is let go`,
  );
  const ms = Math.min(...runs.map((run) => run.ms));
  const extra = Math.max(...runs.map((run) => run.extra)) / 1e6;
  note(`${model.name}: runs of ${runs.map((run) => run.ms.toFixed(0)).join(', ')} ms`);
  return [
    bounded(
      `${model.name}, ${model.vocab} entries, header read`,
      ms,
      { max: MAX_MS },
      (value) => `${value.toFixed(0)} ms`,
    ),
    bounded(
      `${model.name}, extra heap and buffers`,
      extra,
      { max: MAX_MB },
      (value) => `${value.toFixed(1)} MB`,
    ),
  ];
}

/** Bytes of the page's JavaScript heap and its array buffers, after a collection. */
async function collectedHeap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return heap(session);
}

async function heap(session: CDPSession): Promise<number> {
  const usage: { usedSize: number; backingStorageSize?: number } =
    await session.send('Runtime.getHeapUsage');
  return usage.usedSize + (usage.backingStorageSize ?? 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
