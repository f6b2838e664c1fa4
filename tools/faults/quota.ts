import { randomBytes } from 'node:crypto';
import { chromium, type Page } from '@playwright/test';
import { inLab } from '../../tests/drivers/lab.ts';
import { withArgs } from '../../tests/support/chromium.ts';
import { scheduled } from '../../tests/support/fault-schedules.ts';
import { startFaultServer } from '../../tests/support/fault-server.ts';
import { siteHere } from '../../tests/support/serve.ts';
import { WebKit } from '../../tests/webkit/browser.ts';
import { buildLab } from '../lab/build.ts';
import type { Crowded } from '../lab/store.ts';
import type { Check, Figure } from '../lib/report.ts';
import { workloadOf } from '../speed/models.ts';

/** A model of 55 MB. */
const MODEL = '125m-tq2_0';
const FILES = [`../files/${MODEL}-1.gguf`, '../files/random-tiny-1.gguf'] as const;
const QUOTA = 24_000_000;

export const quota: Check = {
  title: `a model of 55 MB where an origin may store ${QUOTA / 1e6} MB or less: refused with quota, nothing left, memory offered, a retry works`,
  async run({ note }) {
    await workloadOf(MODEL);
    await buildLab();
    return [...(await inChromium(note)), ...(await inWebKit(note))];
  },
};

async function inChromium(note: (text: string) => void): Promise<Figure[]> {
  const server = await startFaultServer(siteHere());
  const browser = await chromium.launch(withArgs());
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${server.url}/lab/`);
    await page.waitForFunction(() => 'lab' in window);
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    const limit = (quotaSize?: number) =>
      session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize && { quotaSize }) });
    await limit(QUOTA);
    const found = await page.evaluate(
      ([large, small]) => window.lab.store.crowded(large, small),
      FILES,
    );
    note(`Chromium: ${found.message}`);
    const midway = await filledMidway(page, server);
    note(`Chromium, size unknown beforehand: ${midway.message}`);
    await limit();
    const retried = await page.evaluate(
      ([large]) => window.lab.store.storageOf(large, true),
      FILES,
    );
    return [
      ...figuresOf('Chromium', found),
      figure('Chromium, the disk full midway', midway.code, 'quota'),
      figure('Chromium, left behind by that', String(midway.unfinished), '0'),
      figure('Chromium, retry with room', retried, 'indexeddb'),
    ];
  } finally {
    await browser.close();
    await server.close();
  }
}

/** A file whose size the server does not tell, so that a write fails and not the estimate. */
async function filledMidway(page: Page, server: Awaited<ReturnType<typeof startFaultServer>>) {
  // IndexedDB compresses what can be compressed.
  const file = new Uint8Array(randomBytes(40_000_000));
  file.set(new TextEncoder().encode('GGUF'));
  const schedule = scheduled({ faults: [{ kind: 'chunked' }], forGood: true });
  const { urls } = server.serve(schedule, [file, file]);
  return page.evaluate(async ([url]) => {
    const { importModel, storageEstimate } = window.lab.pocketbit;
    const failure = await window.lab.failure(() => importModel(url!));
    const { unfinished } = await storageEstimate();
    return {
      code: failure?.code ?? null,
      message: failure?.message ?? 'stored',
      unfinished: unfinished.length,
    };
  }, urls);
}

async function inWebKit(note: (text: string) => void): Promise<Figure[]> {
  const tight = await WebKit.start({ quotaBytes: QUOTA });
  try {
    const found = await inLab(tight, (run) =>
      run((lab, [large, small]) => lab.store.crowded(large, small), FILES),
    );
    note(`WebKitGTK: ${found.message}`);
    return figuresOf('WebKitGTK', found);
  } finally {
    await tight.stop();
  }
}

function figuresOf(browser: string, found: Crowded): Figure[] {
  return [
    figure(`${browser}, the model`, found.code, 'quota'),
    figure(`${browser}, numbers in the message`, String(/\d MB/.test(found.message)), 'true'),
    figure(`${browser}, left behind`, `${found.unfinished} + ${found.stored}`, '0 + 0'),
    figure(`${browser}, with store: 'prefer'`, found.preferred, 'memory'),
    figure(`${browser}, a small model afterwards`, found.small, 'indexeddb'),
  ];
}

function figure(label: string, found: string | null, target: string): Figure {
  return { label, value: String(found), target, pass: found === target };
}
