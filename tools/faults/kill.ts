// The browser is killed in the middle of everything, and what comes after is compared with what would have been.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { cachedModel, SHAPE_125M } from '../../tests/models/random.ts';
import { expectedAnswer } from '../../tests/support/engine.ts';
import { hide } from '../../tests/support/hide.ts';
import { KillableBrowser } from '../../tests/support/killable.ts';
import { labBuild } from '../../tests/support/paths.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';
import { buildLab } from '../lab/build.ts';
import type {} from '../lab/main.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

/** Moments in each phase. */
const MOMENTS = { brief: 12, full: 40 };
const SEED = 20_261_122;
/** Bytes a second of the server: the model of 64 MB takes about three seconds. */
const RATE = 22_000_000;
const MODEL = `files/random-125m-1.gguf?rate=${RATE}`;
const DOWNLOAD_MS = 3000;
/** A killed page loses the chunk that was not full, and no more. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** From opening the page to a model that answers, about; a kill that comes later counts for nothing and is drawn again. */
const LOAD_MS = 1400;
const TRIES = 5;
/** Beside the bench, which the assistant's service worker leaves to the server. */
const LAB = 'bench/lab/';
const PROMPT = 'abcd';
/** Tokens at most before a kill, and beyond it that are compared. */
const MAX_TOKENS = 60;
const BEYOND = 20;
/** A page that is hidden lives on for so long at least. */
const HIDDEN_MS = 100;
const WAIT_MS = 60_000;
/** Points are kept at these tokens, and where a page is hidden. */
const SAVE_EVERY = 16;
/** Between two points that are kept, and what may be under way to the disk. */
const MAX_LOST = 32;

interface Bench {
  readonly site: Site;
  /** The model's file. */
  readonly file: string;
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
    const file = cachedModel(SHAPE_125M, 1);
    const site = await startSite({ mounts: { [`/${LAB}`]: labBuild } });
    const folder = mkdtempSync(join(tmpdir(), 'pocketbit-kill-'));
    const moments = full ? MOMENTS.full : MOMENTS.brief;
    const bench: Bench = { site, file, folder, draw: stream(SEED), moments, note };
    try {
      return [
        ...(await killedDownloads(bench)),
        ...(await killedLoads(bench)),
        ...(await killedAnswers(bench)),
        bounded('moments in all', 3 * moments, { min: 30 }, String),
      ];
    } finally {
      await site.kill();
      await remove(folder);
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

/** What a page that runs no model finds in this browser's databases. */
interface Kept {
  /** Whole models, and damaged chunks in them. */
  models: number;
  damaged: number;
  /** Of an unfinished download. */
  bytes: number;
  /** The newest first. */
  chats: { asked: string | undefined; ids: number[]; point: number }[];
  /** The phase in which the last visit ended, where it was in the middle of one. */
  crash: string | null;
}

interface Message {
  text: string;
  ids: number[];
}

/** In the page. */
async function inspect(url: string): Promise<Kept> {
  const { Conversations, lastCrash, listModels, storageEstimate, verifyModel } =
    window.lab.pocketbit;
  const models = await listModels();
  const reports = await Promise.all(models.map(({ source }) => verifyModel(source)));
  const chats = await new Conversations<Message>().list();
  return {
    models: models.length,
    damaged: reports.reduce((sum, { damagedChunks }) => sum + damagedChunks, 0),
    bytes: (await storageEstimate()).unfinished[0]?.loadedBytes ?? 0,
    chats: chats.map(({ messages, session }) => ({
      asked: messages[0]?.text,
      ids: messages.at(-1)?.ids ?? [],
      point: session?.answer.length ?? 0,
    })),
    crash: (await lastCrash(url))?.phase ?? null,
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
  await page.goto(site.url + LAB);
  await page.waitForFunction(() => 'lab' in window);
}

async function inspected(page: Page, bench: Bench): Promise<Kept> {
  await openLab(page, bench);
  return page.evaluate(inspect, bench.site.url + MODEL);
}

async function killedDownloads(bench: Bench): Promise<Figure[]> {
  const expected = await expectedAnswer(bench.file, PROMPT, 3);
  const found = { resumed: 0, right: 0, intact: 0, lost: 0 };
  for (let i = 0; i < bench.moments; i++) {
    const delay = bench.draw() * DOWNLOAD_MS;
    const { arrived, store, after } = await killedDownload(bench, `download-${i}`, delay);
    if (store.models === 1 ? after.from === null : after.from !== null && after.from >= store.bytes)
      found.resumed++;
    if (store.models === 0) found.lost = Math.max(found.lost, arrived - store.bytes);
    if (store.damaged + after.damaged === 0 && after.ids.join() === expected.join()) found.right++;
    if (store.chats.length === 1 && store.chats[0]?.asked === PROMPT) found.intact++;
    const where = store.models ? 'whole' : `${store.bytes} kept, went on at ${after.from}`;
    bench.note(`download killed after ${Math.round(delay)} ms at ${arrived} bytes: ${where}`);
  }
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    share('downloads: whole, or resumed where they were', found.resumed, bench),
    bounded('most of a download lost', found.lost, { max: CHUNK_BYTES }, megabytes),
    share('downloads: every chunk right, the same tokens as in Node', found.right, bench),
    share('downloads: the conversation beside it intact', found.intact, bench),
  ];
}

async function killedDownload(bench: Bench, name: string, delay: number) {
  const profile = join(bench.folder, name);
  const arrived = await killed(profile, async (page) => {
    await openLab(page, bench);
    await page.evaluate(beginDownload, [bench.site.url + MODEL, PROMPT] as const);
    await sleep(delay);
    return Number(await page.title());
  });
  const [store, after] = await killed(profile, async (page) => [
    await inspected(page, bench),
    await page.evaluate(endDownload, [bench.site.url + MODEL, PROMPT] as const),
  ]);
  await remove(profile);
  return { arrived, store, after };
}

/** Children of a killed browser write for a moment; what they keep from being removed the system will clear. */
async function remove(folder: string): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch {
      await sleep(100);
    }
  }
}

/** In the page: keeps a conversation, then begins a download; the title tells its bytes. */
async function beginDownload([url, text]: readonly [string, string]): Promise<void> {
  const { Conversations, load } = window.lab.pocketbit;
  const chats = new Conversations<Message>();
  await chats.save({ ...(await chats.create()), messages: [{ text, ids: [] }] });
  document.title = '0';
  void load(url, {
    onProgress({ phase, loadedBytes }) {
      if (phase === 'download') document.title = String(loadedBytes);
    },
  });
}

/** In the page: the load that goes on; `from` is null where nothing was fetched. */
async function endDownload([url, text]: readonly [string, string]) {
  const { load, listModels, verifyModel } = window.lab.pocketbit;
  let from: number | null = null;
  const model = await load(url, {
    onProgress({ phase, loadedBytes }) {
      if (phase === 'download') from = Math.min(from ?? loadedBytes, loadedBytes);
    },
  });
  const { ids } = await model.generate(text, { maxTokens: 3 }).result;
  const [stored] = await listModels();
  const { damagedChunks } = await verifyModel(stored!.source);
  return { from: from as number | null, ids, damaged: damagedChunks };
}

/** The assistant on the slow model. */
async function openAssistant(page: Page, { site }: Bench): Promise<void> {
  await page.goto(`${site.url}?model=${encodeURIComponent(MODEL)}`);
}

const isReady = () =>
  /Ready|Works offline/.test(document.querySelector('[data-testid=status]')?.textContent ?? '');

const ready = (page: Page) => page.waitForFunction(isReady, undefined, { timeout: WAIT_MS });

/** Ids of the last answer, once there are at least `min` of them or it has ended. */
async function idsOfLast(page: Page, min: number): Promise<number[]> {
  const handle = await page.waitForFunction(
    (count) => {
      const last = [
        ...document.querySelectorAll<HTMLElement>('[data-testid=message-assistant]'),
      ].at(-1);
      const ids = (last?.dataset.ids ?? '').split(',').filter(Boolean).map(Number);
      return ids.length >= count || last?.dataset.state === 'done' ? ids : null;
    },
    min,
    { timeout: WAIT_MS, polling: 5 },
  );
  return (await handle.jsonValue()) as number[];
}

/** Asks in a conversation of its own. */
async function ask(page: Page, bench: Bench): Promise<void> {
  await openAssistant(page, bench);
  await ready(page);
  if (await page.$('[data-testid=message-user]')) {
    await page.click('[data-testid=model-button]');
    await page.click('[data-testid=new-chat]');
    await page.waitForFunction(() => !document.querySelector('[data-testid=message-user]'));
  }
  await page.fill('[data-testid=input]', PROMPT);
  await page.click('[data-testid=send]');
}

/** A whole answer of at least `min` tokens, stopped and written. */
function answered(profile: string, bench: Bench, min: number): Promise<number[]> {
  return killed(profile, async (page) => {
    await ask(page, bench);
    await idsOfLast(page, min);
    await page.click('[data-testid=stop]');
    await page.waitForSelector('[data-testid=send]');
    await sleep(300);
    return idsOfLast(page, min);
  });
}

async function killedLoads(bench: Bench): Promise<Figure[]> {
  const profile = join(bench.folder, 'profile');
  const ids = (await answered(profile, bench, 5)).join();
  const found = { during: 0, whole: 0, intact: 0, marked: 0, noticed: 0 };
  for (let i = 0; i < TRIES * bench.moments && found.during < bench.moments; i++) {
    const delay = bench.draw() * LOAD_MS;
    const { during, store, shown, notice } = await killedLoad(bench, profile, delay);
    if (!during) continue;
    found.during++;
    if (store.models === 1 && store.damaged === 0) found.whole++;
    if ([store.chats[0]?.ids, shown].every((all) => all?.join() === ids)) found.intact++;
    if (store.crash === 'load') found.marked++;
    if (store.crash === 'load' && /closed by itself/.test(notice ?? '')) found.noticed++;
    bench.note(`load killed after ${Math.round(delay)} ms: ${notice ?? 'nothing to tell'}`);
  }
  const noticed = `${found.noticed} of ${found.marked}`;
  const pass = found.marked > 0 && found.noticed === found.marked;
  return [
    share('loads: killed before the model was there', found.during, bench),
    share('loads: the store is whole', found.whole, bench),
    share('loads: the model is there again, the conversation intact', found.intact, bench),
    {
      label: 'loads: kills while weights were packed, told of',
      value: noticed,
      target: 'all',
      pass,
    },
  ];
}

async function killedLoad(bench: Bench, profile: string, delay: number) {
  const during = await killed(profile, async (page) => {
    await openAssistant(page, bench);
    await sleep(delay);
    return !(await page.evaluate(isReady));
  });
  return killed(profile, async (page) => {
    const store = await inspected(page, bench);
    await openAssistant(page, bench);
    await ready(page);
    return { during, store, shown: await idsOfLast(page, 0), notice: await noticeOf(page) };
  });
}

function noticeOf(page: Page): Promise<string | null> {
  return page.evaluate(
    () => document.querySelector('[data-testid=notice] span')?.textContent ?? null,
  );
}

async function killedAnswers(bench: Bench): Promise<Figure[]> {
  const profile = join(bench.folder, 'profile');
  const expected = await answered(profile, bench, MAX_TOKENS + BEYOND);
  const begins = (ids: number[]) =>
    ids.slice(0, MAX_TOKENS + BEYOND).every((id, at) => id === expected[at]);
  const found = { same: 0, intact: 0, noticed: 0, seen: 0, hidden: 0, between: 0 };
  for (let i = 0; i < bench.moments; i++) {
    const tokens = Math.floor(bench.draw() * MAX_TOKENS);
    const hides = i % 2 === 1;
    const outcome = await killedAnswer(bench, profile, tokens, hides);
    const { before, points, store, after, notice } = outcome;
    if (after.length >= before.length + BEYOND && begins(after)) found.same++;
    // Two conversations from before, one for each earlier kill, and this one.
    const { chats } = store;
    const right = chats.every(({ asked, ids }) => asked === PROMPT && begins(ids));
    if (chats.length === i + 3 && right) found.intact++;
    if (notice) found.noticed++;
    const point = chats[0]?.point ?? 0;
    if (points.some((at) => at % SAVE_EVERY > 0)) found.between++;
    const of = hides ? 'hidden' : 'seen';
    found[of] = Math.max(found[of], before.length - point);
    const seen = `${before.length} tokens${hides ? `, hidden before (${points.join(', ')} written)` : ''}`;
    bench.note(
      `answer killed at ${seen}: ${point} kept, went on to ${after.length}; ${chats.length} conversations`,
    );
  }
  return [
    share(
      `answers: went on by themselves to the same tokens, at least ${BEYOND} beyond the kill`,
      found.same,
      bench,
    ),
    share('answers: this conversation and all earlier ones intact', found.intact, bench),
    share('answers: the person is told', found.noticed, bench),
    bounded('most tokens computed a second time', found.seen, { max: MAX_LOST }, String),
    bounded('the same, of a page that was hidden before', found.hidden, { max: 0 }, String),
    bounded(
      `hidden pages that kept their very token, and not a ${SAVE_EVERY}th`,
      found.between,
      { min: Math.ceil(bench.moments / 4) },
      (count) => `${count} of ${bench.moments / 2}`,
    ),
  ];
}

async function killedAnswer(bench: Bench, profile: string, tokens: number, hides: boolean) {
  const { ids: before, points } = await killed(profile, async (page) => {
    await ask(page, bench);
    await idsOfLast(page, tokens);
    await sleep(bench.draw() * 30);
    const ids = await idsOfLast(page, 0);
    return { ids, points: hides ? await page.evaluate(hide, [HIDDEN_MS, 0] as const) : [] };
  });
  return killed(profile, async (page) => {
    const store = await inspected(page, bench);
    await openAssistant(page, bench);
    await ready(page);
    const after = await idsOfLast(page, before.length + BEYOND);
    const notice = await noticeOf(page);
    await page.click('[data-testid=stop]').catch(() => {});
    await sleep(300);
    return { before, points, store, after, notice };
  });
}

function share(label: string, count: number, { moments }: Bench): Figure {
  return { label, value: `${count} of ${moments}`, target: 'all', pass: count === moments };
}
