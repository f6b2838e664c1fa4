// The browser is killed in the middle of everything, and what comes after is compared with what would have been.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { buildLab } from '../../../tests/lab/build.ts';
import type {} from '../../../tests/lab/main.ts';
import { cachedModel, SHAPE_125M } from '../../../tests/models/random.ts';
import { KillableBrowser } from '../../../tests/support/killable.ts';
import { type Site, startSite } from '../../../tests/support/serve.ts';
import { bounded, type Check, type Figure } from '../report.ts';

/** Moments in each phase. */
const MOMENTS = { brief: 12, full: 40 };
const SEED = 20_261_122;
/** Bytes a second of the server: the model of 64 MB takes about three seconds. */
const RATE = 22_000_000;
const MODEL = `files/random-125m-1.gguf?rate=${RATE}`;
const DOWNLOAD_MS = 3000;
/** From opening the page to a model that answers, about; kills fall anywhere in it. */
const LOAD_MS = 1500;
const PROMPT = 'abcd';
/** Tokens at most before a kill, and beyond it that are compared. */
const MOST_TOKENS = 60;
const BEYOND = 20;
const WAIT_MS = 60_000;
/** Between two points that are kept, and what may be under way to the disk. */
const MOST_LOST = 32;

interface Bench {
  readonly site: Site;
  readonly folder: string;
  readonly draw: () => number;
  readonly moments: number;
  note(text: string): void;
}

export const kill: Check = {
  title:
    'Chromium killed with SIGKILL in download, load and generation, and started again on the same profile',
  async run({ full, note }) {
    await buildLab();
    cachedModel(SHAPE_125M, 1);
    const site = await startSite();
    const folder = mkdtempSync(join(tmpdir(), 'pocketbit-kill-'));
    const moments = full ? MOMENTS.full : MOMENTS.brief;
    const bench: Bench = { site, folder, draw: stream(SEED), moments, note };
    try {
      return [
        ...(await killedDownloads(bench)),
        ...(await killedLoads(bench)),
        ...(await killedAnswers(bench)),
        bounded('moments in all', 3 * moments, { least: 30 }, String),
      ];
    } finally {
      await site.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs `work` in a browser on `profile` and kills it afterwards. */
async function killed<T>(profile: string, work: (page: Page) => Promise<T>): Promise<T> {
  const browser = await KillableBrowser.start(profile);
  try {
    return await work(browser.page);
  } finally {
    await browser.kill();
  }
}

async function openLab(page: Page, { site }: Bench): Promise<void> {
  await page.goto(`${site.url}lab/`);
  await page.waitForFunction(() => 'lab' in window);
}

async function killedDownloads(bench: Bench): Promise<Figure[]> {
  const found = { resumed: 0, whole: 0, right: 0, fetchedAgain: 0 };
  for (let i = 0; i < bench.moments; i++) {
    const profile = join(bench.folder, `download-${i}`);
    const delay = bench.draw() * DOWNLOAD_MS;
    await killed(profile, async (page) => {
      await openLab(page, bench);
      await page.evaluate((url) => void window.lab.pocketbit.load(url), `../${MODEL}`);
      await sleep(delay);
    });
    const after = await killed(profile, async (page) => {
      await openLab(page, bench);
      return page.evaluate(afterDownload, `../${MODEL}`);
    });
    bench.note(
      `download killed after ${Math.round(delay)} ms: ${after.kept} bytes kept, ${after.whole ? 'whole' : `went on at ${after.from}`}`,
    );
    if (after.whole) found.whole++;
    else if (after.from >= after.kept) found.resumed++;
    if (after.damaged === 0 && after.tokens === 3) found.right++;
    rmSync(profile, { recursive: true, force: true });
  }
  return [
    share('downloads: whole, or resumed where they were', found.whole + found.resumed, bench),
    share('downloads: every chunk right afterwards, and the model answers', found.right, bench),
  ];
}

/** In the page: what is there after the kill, then the load that goes on. */
async function afterDownload(url: string) {
  const { load, listModels, storageEstimate, verifyModel } = window.lab.pocketbit;
  const whole = (await listModels()).length === 1;
  const kept = (await storageEstimate()).unfinished[0]?.loadedBytes ?? 0;
  let from = Number.POSITIVE_INFINITY;
  const model = await load(url, {
    onProgress({ phase, loadedBytes }) {
      if (phase === 'download') from = Math.min(from, loadedBytes);
    },
  });
  const { ids } = await model.generate('abcd', { maxTokens: 3 }).result;
  const [stored] = await listModels();
  const { damagedChunks } = await verifyModel(stored!.source);
  return { whole, kept, from, tokens: ids.length, damaged: damagedChunks };
}

/** The assistant on the slow model. */
async function openAssistant(page: Page, { site }: Bench): Promise<void> {
  await page.goto(`${site.url}?model=${encodeURIComponent(MODEL)}`);
}

const ready = (page: Page) =>
  page.waitForFunction(
    () =>
      /Ready|Works offline/.test(document.querySelector('[data-testid=status]')?.textContent ?? ''),
    undefined,
    { timeout: WAIT_MS },
  );

/** Ids of the last answer, once there are at least `least` of them or it has ended. */
async function idsOfLast(page: Page, least: number): Promise<number[]> {
  const handle = await page.waitForFunction(
    (count) => {
      const last = [
        ...document.querySelectorAll<HTMLElement>('[data-testid=message-assistant]'),
      ].at(-1);
      const ids = (last?.dataset.ids ?? '').split(',').filter(Boolean).map(Number);
      return ids.length >= count || last?.dataset.state === 'done' ? ids : null;
    },
    least,
    { timeout: WAIT_MS, polling: 5 },
  );
  return (await handle.jsonValue()) as number[];
}

async function send(page: Page, text: string): Promise<void> {
  await page.fill('[data-testid=input]', text);
  await page.click('[data-testid=send]');
}

async function stop(page: Page): Promise<void> {
  await page.click('[data-testid=stop]');
  await page.waitForSelector('[data-testid=send]');
}

const questions = (page: Page) =>
  page.$$eval('[data-testid=message-user]', (all) => all.map((one) => one.textContent?.trim()));

async function killedLoads(bench: Bench): Promise<Figure[]> {
  const profile = join(bench.folder, 'profile');
  await killed(profile, async (page) => {
    await openAssistant(page, bench);
    await ready(page);
    await send(page, PROMPT);
    await idsOfLast(page, 5);
    await stop(page);
    await sleep(300);
  });
  let intact = 0;
  for (let i = 0; i < bench.moments; i++) {
    const delay = bench.draw() * LOAD_MS;
    await killed(profile, async (page) => {
      await openAssistant(page, bench);
      await sleep(delay);
    });
    const after = await killed(profile, async (page) => {
      await openAssistant(page, bench);
      await ready(page);
      return { asked: await questions(page), text: await noticeOf(page) };
    });
    if (after.asked.join() === PROMPT) intact++;
    bench.note(`load killed after ${Math.round(delay)} ms: ${after.text ?? 'nothing to tell'}`);
  }
  return [share('loads: the model is there again, the conversation intact', intact, bench)];
}

function noticeOf(page: Page): Promise<string | null> {
  return page.evaluate(
    () => document.querySelector('[data-testid=notice] span')?.textContent ?? null,
  );
}

async function newConversation(page: Page): Promise<void> {
  await page.click('[data-testid=model-button]');
  await page.click('[data-testid=new-chat]');
  await page.waitForFunction(() => !document.querySelector('[data-testid=message-user]'));
}

async function killedAnswers(bench: Bench): Promise<Figure[]> {
  const profile = join(bench.folder, 'profile');
  const expected = await killed(profile, async (page) => {
    await openAssistant(page, bench);
    await ready(page);
    await newConversation(page);
    await send(page, PROMPT);
    const ids = await idsOfLast(page, MOST_TOKENS + BEYOND);
    await stop(page);
    await sleep(300);
    return ids;
  });
  const found = { same: 0, intact: 0, lost: 0 };
  for (let i = 0; i < bench.moments; i++) {
    const outcome = await killedAnswer(bench, profile, Math.floor(bench.draw() * MOST_TOKENS));
    const { before, first, after, asked, earlier } = outcome;
    const compared = after.slice(0, MOST_TOKENS + BEYOND);
    if (after.length >= before + BEYOND && compared.every((id, at) => id === expected[at]))
      found.same++;
    // Two conversations from before, and one for each earlier kill.
    if (asked.join() === PROMPT && earlier === i + 2) found.intact++;
    found.lost = Math.max(found.lost, before - first);
    bench.note(
      `answer killed at ${before} tokens: went on from ${first}, to ${after.length}; ${earlier} earlier conversations`,
    );
  }
  return [
    share(
      `answers: went on by themselves to the same tokens, at least ${BEYOND} beyond the kill`,
      found.same,
      bench,
    ),
    share('answers: this conversation and all earlier ones intact', found.intact, bench),
    bounded('most tokens computed a second time', found.lost, { most: MOST_LOST }, String),
  ];
}

async function killedAnswer(bench: Bench, profile: string, tokens: number) {
  const before = await killed(profile, async (page) => {
    await openAssistant(page, bench);
    await ready(page);
    await newConversation(page);
    await send(page, PROMPT);
    await idsOfLast(page, tokens);
    await sleep(bench.draw() * 30);
    return (await idsOfLast(page, 0)).length;
  });
  return killed(profile, async (page) => {
    await openAssistant(page, bench);
    const first = (await idsOfLast(page, 1)).length;
    await ready(page);
    const after = await idsOfLast(page, before + BEYOND);
    await stop(page).catch(() => {});
    await page.click('[data-testid=model-button]');
    await page.waitForSelector('[data-testid=chats] li');
    const earlier = await page.locator('[data-testid=chats] li').count();
    const asked = await questions(page);
    await sleep(300);
    return { before, first, after, asked, earlier };
  });
}

function share(label: string, count: number, { moments }: Bench): Figure {
  return { label, value: `${count} of ${moments}`, target: 'all', pass: count === moments };
}
