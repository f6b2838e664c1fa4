// What the baseline's build left in a browser, found by this tree's: models, a conversation, notes, a saved session, a
// half download.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from '@playwright/test';
import type { GenerateOptions } from 'pocketbit';
import { launchOptions } from '../../tests/support/chromium.ts';
import { type CountingSite, startCountingSite } from '../../tests/support/counting-site.ts';
import { KillableBrowser } from '../../tests/support/killable.ts';
import { root } from '../../tests/support/paths.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';
import type { Check, Figure } from '../lib/report.ts';
import { ask, beside, type Shown, shown, untilReady } from './assistant.ts';
import { BASELINE } from './baseline.ts';
import { distOf, mountsOf, openHouse } from './browser.ts';
import { readFixture } from './fixture.ts';
import { HALF_URL, MODELS } from './models.ts';
import { COMMANDS, type Json, type Origin } from './records.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;
/** Tokens before the browser is killed; an answer has 512 at most, and a point is kept at every 16th. */
const BEFORE = 40;
const WAIT_MS = 90_000;
/** An idle worker times its kernels after the first load. */
const SETTLE_MS = 3000;

const PROMPT = 'abcd';
const APP = `?model=${MODELS.whole.url.slice(1)}`;
const DRAWN: GenerateOptions = { raw: true, temperature: 1, seed: 11, topK: 40, maxTokens: 60 };

/** What a tree makes of a stored origin. */
export interface Found {
  /** The conversation that a killed browser left in the middle of an answer, when that has ended. */
  readonly messages: readonly Shown[];
  readonly notice: string;
  /** Conversations beside it, and what the user had kept. */
  readonly chats: readonly string[];
  readonly kept: readonly string[];
  /** The built-in model's conversation goes on. */
  readonly next: readonly Shown[];
  /** The session that was kept with its keys and values. */
  readonly restored: { ids: number[]; text: string; cachedTokens: number };
  /** Requests for models up to here. */
  readonly requests: number;
  /** Bytes at which the requests of the half download began, and what came of it. */
  readonly starts: readonly number[];
  readonly rest: { ids: number[]; damagedChunks: number; sha256: string };
}

export interface Stored {
  readonly origin: Origin;
  readonly found: Found;
}

/** Makes the fixture with a tree's build. */
export async function storedOf(tree: string): Promise<Stored> {
  const profile = mkdtempSync(join(tmpdir(), 'pocketbit-stored-'));
  const site = await startSite({ mounts: mountsOf([tree]) });
  try {
    await inKilled(profile, (page) => live(page, site));
    const read = await inKilled(profile, async (page) => {
      await openHouse(page, site);
      return (await page.evaluate(() => window.house.readOrigin())) as Origin;
    });
    const origin = packed(read, site.url);
    return { origin, found: await foundBy(tree, origin) };
  } finally {
    await site.kill();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function inKilled<T>(profile: string, body: (page: Page) => Promise<T>): Promise<T> {
  const browser = await KillableBrowser.start(profile);
  try {
    return await body(browser.page);
  } finally {
    await browser.kill();
  }
}

/** A visit that ends in the middle of an answer. */
async function live(page: Page, site: Site): Promise<void> {
  await openHouse(page, site);
  const dist = distOf(0);
  const session = { dist, model: MODELS.tiny.url, prompt: PROMPT, options: DRAWN, cut: 12 };
  await page.evaluate((asked) => window.house.storeSession(asked), session);
  await page.evaluate((asked) => window.house.storeHalf(asked), { dist, model: HALF_URL });
  await page.goto(site.url);
  await untilReady(page);
  for (const command of COMMANDS) await ask(page, command);
  await page.goto(site.url + APP);
  await untilReady(page);
  await sleep(SETTLE_MS);
  await page.getByTestId('model-button').click();
  await page.getByTestId('new-chat').click();
  await page.getByTestId('message-user').first().waitFor({ state: 'detached' });
  await page.getByTestId('input').fill(PROMPT);
  await page.getByTestId('send').click();
  await page.waitForFunction(
    (min) => {
      const answer = document.querySelector<HTMLElement>('[data-testid=message-assistant]');
      return (answer?.dataset.ids ?? '').split(',').length >= min;
    },
    BEFORE,
    { polling: 2 },
  );
}

/** What a tree's build finds of an origin. */
export function foundBy(tree: string, origin: Origin): Promise<Found> {
  return visited(tree, origin, visit);
}

/** Puts an origin into a fresh browser, where a tree's build is served, and lets `visit` look. */
export async function visited<T>(
  tree: string,
  origin: Origin,
  visit: (page: Page, site: CountingSite) => Promise<T>,
): Promise<T> {
  const site = await startCountingSite(Number.POSITIVE_INFINITY, { mounts: mountsOf([tree]) });
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await (await browser.newContext()).newPage();
    await openHouse(page, site);
    const stored = unpacked(origin, site.url);
    await page.evaluate((given) => window.house.writeOrigin(given), stored as never);
    return await visit(page, site);
  } finally {
    await browser.close();
    await site.kill();
  }
}

async function visit(page: Page, site: CountingSite): Promise<Found> {
  await page.goto(site.url + APP);
  await untilReady(page);
  const last = page.getByTestId('message-assistant').last();
  await last.and(page.locator('[data-state=done]')).waitFor({ timeout: WAIT_MS });
  const notice = await page.getByTestId('notice').allTextContents();
  const messages = await shown(page);
  const { chats, kept } = await beside(page);
  await page.goto(site.url);
  await untilReady(page);
  await page.getByTestId('model-button').click();
  await page
    .getByTestId('chats')
    .getByRole('button', { name: /^Open .*milk/ })
    .click();
  await page.getByText(COMMANDS[0]!).first().waitFor();
  await ask(page, 'Show the shopping list');
  const next = await shown(page);
  await openHouse(page, site);
  const dist = distOf(0);
  const restored = await page.evaluate((asked) => window.house.restoreSession(asked), {
    dist,
    model: MODELS.tiny.url,
  });
  const requests = site.starts.length;
  const rest = await page.evaluate((asked) => window.house.storeRest(asked), {
    dist,
    model: HALF_URL,
    prompt: PROMPT,
    options: { raw: true, maxTokens: 8 },
  });
  const starts = site.starts.slice(requests);
  return {
    messages,
    notice: notice.join(' ').trim(),
    chats,
    kept,
    next,
    restored,
    requests,
    starts,
    rest,
  };
}

/** Without the address of the site; bytes of a model's file by their place in it. */
function packed(origin: Origin, url: string): Origin {
  const text = JSON.stringify(origin).replaceAll(url, '<site>/');
  return mapped(JSON.parse(text), ({ $: type, base64 }) => {
    const bytes = Buffer.from(String(base64), 'base64');
    for (const [name, { file }] of Object.entries(MODELS)) {
      const found = sliceOf(file, bytes);
      if (found) return { $: type!, model: name, ...found, sha256: sha256(bytes) };
    }
    return null;
  });
}

function sliceOf(file: string, bytes: Buffer): { start: number; end: number } | null {
  const whole = readFileSync(file);
  for (let start = 0; start < whole.length; start += CHUNK_BYTES) {
    const end = Math.min(whole.length, start + CHUNK_BYTES);
    if (whole.subarray(start, end).equals(bytes)) return { start, end };
  }
  return null;
}

/** The origin with the address of a site and the bytes of its models. */
export function unpacked(origin: Origin, url: string): Origin {
  const text = JSON.stringify(origin).replaceAll('<site>/', url);
  return mapped(JSON.parse(text), ({ $: type, model, start, end, sha256: expected }) => {
    if (typeof model !== 'string') return null;
    const { file } = MODELS[model as keyof typeof MODELS];
    const bytes = readFileSync(file).subarray(Number(start), Number(end));
    if (sha256(bytes) !== expected) throw new Error(`${file} has other bytes than were stored`);
    return { $: type!, base64: bytes.toString('base64') };
  });
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

type Tagged = Record<string, Json | undefined>;

/** A copy in which `replace` has seen to every buffer; null leaves one as it is. */
function mapped(value: Json, replace: (tagged: Tagged) => Json | null): never {
  const visit = (inner: Json): Json => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (Array.isArray(inner)) return inner.map(visit);
    if (inner.$ === 'ArrayBuffer') return replace(inner) ?? inner;
    return Object.fromEntries(Object.entries(inner).map(([key, part]) => [key, visit(part)]));
  };
  return visit(value) as never;
}

export const stored: Check = {
  title: `a browser that ${BASELINE} left in the middle of an answer and of a download, opened by this tree`,
  async run({ note }) {
    const { origin, found: before } = readFixture<Stored>('stored');
    const now = await foundBy(root, origin);
    const answer = now.messages.at(-1)!;
    note(`${now.notice}\n${now.kept.join('; ')}\n${now.chats.join('; ')}`);
    return [
      same('requests for the models that are stored', now.requests, 0),
      same('the conversation', now.messages, before.messages),
      same('tokens of the interrupted answer', answer.ids, before.messages.at(-1)!.ids),
      same('what the visit is told', now.notice, before.notice),
      same('timers, reminders, lists, notes', now.kept, before.kept),
      same('conversations beside it', now.chats, before.chats),
      same('an earlier conversation goes on', now.next, before.next),
      same('a saved session goes on', now.restored, before.restored),
      same('the half download goes on at byte', now.starts, [CHUNK_BYTES]),
      same('its file and first tokens', now.rest, before.rest),
    ];
  },
};

function same(label: string, found: unknown, expected: unknown): Figure {
  const [text, target] = [found, expected].map((value) => brief(JSON.stringify(value)));
  const pass = JSON.stringify(found) === JSON.stringify(expected);
  return { label, value: text!, target: pass ? 'the same' : target!, pass };
}

const brief = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
