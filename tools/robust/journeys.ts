// The journeys whose calls are counted and failed one at a time; after each the app is started without faults.
import type { Page } from '@playwright/test';
import {
  ask,
  lastAnswer,
  otherChats,
  send,
  settled,
  shown,
  start,
  toldUnkept,
  untilReady,
} from './assistant.ts';
import * as lab from './lab-play.ts';
import { Broken, type Play } from './play.ts';

export interface Journey {
  /** Whether it is about the service worker; else there is none. */
  readonly serviceWorker?: boolean;
  /** What was done at an earlier visit, without faults. */
  before?(play: Play): Promise<void>;
  /** The journey, with the shim in its pages. */
  during(play: Play): Promise<void>;
  /** What must hold when the app is started again. */
  after(play: Play): Promise<void>;
}

const TIMER = 'Set a timer for 10 minutes';
const STORY = 'Tell me a story about a fox';
const MILK = 'Add milk to the shopping list';
const BREAD = 'Add bread to the shopping list';
const NOTE = 'Take a note: the key is under the mat';
const SUM = 'What is 12 * 7?';

/** A page without faults, in which the app has started. */
async function clean(play: Play): Promise<Page> {
  const page = await play.plain();
  await start(page, play);
  return page;
}

/** A page with the shim, in which the app has started. */
async function faulty(play: Play): Promise<Page> {
  const page = await play.shimmed('app');
  await start(page, play);
  return page;
}

async function sums(page: Page, play: Play): Promise<void> {
  play.same('afterwards, the sum', (await ask(page, play, SUM)).ids);
}

async function primed(play: Play): Promise<void> {
  const page = await clean(play);
  await page.close();
}

async function labPrimed(play: Play): Promise<void> {
  const page = await play.plain();
  await lab.openLab(page, play);
  await lab.insist(page, play, 'before', lab.loadAndAnswer, lab.MODEL);
  await page.close();
}

/** One call into the package's API, and the same afterwards with the server dead. */
function labJourney(
  work: (model: string) => Promise<string>,
  before?: (play: Play) => Promise<void>,
): Journey {
  return {
    ...(before && { before }),
    async during(play) {
      const page = await play.shimmed('lab');
      await lab.openLab(page, play);
      const value = await lab.insist(page, play, 'the call', work, lab.MODEL);
      play.same('the result', value);
      await page.close();
    },
    after: labAfterwards,
  };
}

async function labAfterwards(play: Play): Promise<void> {
  const page = await play.plain();
  await lab.openLab(page, play);
  const ids = await lab.insist(page, play, 'the load afterwards', lab.loadAndAnswer, lab.MODEL);
  play.same('the answer afterwards', ids);
  const store = await lab.insist(page, play, 'the store afterwards', lab.storeState, lab.MODEL);
  play.same('damaged chunks, unfinished downloads, orphans', store);
}

/** Cards that were shown as done, by what must be kept for them. */
class Promises {
  readonly kept: string[] = [];
  timers = 0;

  /** Does an action; what the screen says was kept must be there for good. */
  async act(page: Page, play: Play, text: string, line: string | null): Promise<void> {
    const { card } = await ask(page, play, text);
    if (card === null || card === 'failed' || (await toldUnkept(page))) return;
    if (line === null) this.timers++;
    else this.kept.push(line);
  }

  async hold(page: Page, play: Play): Promise<void> {
    const { kept, timers } = await shown(page);
    for (const line of this.kept) {
      const times = kept.filter((entry) => entry.toLowerCase().includes(line)).length;
      play.check(times === 1, `kept: “${line}” is there ${times} times, not once`);
    }
    // A timer of another day's clock is over.
    if (play.clockJumps) return;
    play.check(timers === this.timers, `kept: ${timers} timers, not ${this.timers}`);
  }
}

/** What the screen showed before a reload and what it shows after it. */
async function sameChat(page: Page, play: Play, before: { questions: string[] }): Promise<void> {
  const { questions } = await shown(page);
  play.check(
    before.questions.every((text) => questions.includes(text)),
    `chat: ${JSON.stringify(questions)} where ${JSON.stringify(before.questions)} was on the screen`,
  );
}

/** What one visit leaves for the checks of the next. */
const promisesOf = new WeakMap<Play, Promises>();
const chatOf = new WeakMap<Play, { questions: string[] }>();

function promisesFor(play: Play): Promises {
  const promises = promisesOf.get(play) ?? new Promises();
  promisesOf.set(play, promises);
  return promises;
}

async function keptAfterwards(play: Play): Promise<void> {
  const page = await clean(play);
  await promisesOf.get(play)?.hold(page, play);
  const chat = chatOf.get(play);
  if (chat) await sameChat(page, play, chat);
  await sums(page, play);
}

async function leave(page: Page, play: Play): Promise<void> {
  await page.waitForTimeout(play.rest);
  chatOf.set(play, await shown(page));
  await page.close();
}

export const JOURNEYS: Readonly<Record<string, Journey>> = {
  download: labJourney(lab.loadAndAnswer),
  load: labJourney(lab.loadAndAnswer, labPrimed),
  save: labJourney(lab.saveAndRestore, labPrimed),
  'two-loads': labJourney(lab.loadInTwo),
  store: labJourney(lab.storeJourney),

  answer: {
    async during(play) {
      const page = await faulty(play);
      play.same('the answer', (await ask(page, play, STORY)).ids);
      await leave(page, play);
    },
    after: keptAfterwards,
  },

  restore: {
    before: primed,
    async during(play) {
      const page = await faulty(play);
      await send(page, play, STORY);
      await page.waitForFunction(
        () => {
          const last = [...document.querySelectorAll('[data-testid=message-assistant]')].at(-1);
          return /^(\d+,){3}|^$/.test(last?.getAttribute('data-ids') ?? '');
        },
        null,
        { polling: 20 },
      );
      await page.reload();
      await untilReady(page, play);
      const { questions } = await shown(page);
      play.check(questions.includes(STORY), 'the question is gone after the reload');
      const { ids, state } = await lastAnswer(page, play, STORY);
      if (state === 'done') play.same('the answer', ids);
      await leave(page, play);
    },
    after: keptAfterwards,
  },

  kept: {
    async before(play) {
      const page = await clean(play);
      await promisesFor(play).act(page, play, MILK, 'milk');
      await page.waitForTimeout(play.rest);
      await page.close();
    },
    async during(play) {
      const page = await faulty(play);
      const promises = promisesFor(play);
      await promises.act(page, play, NOTE, 'key');
      await promises.act(page, play, TIMER, null);
      await promises.act(page, play, BREAD, 'bread');
      await leave(page, play);
    },
    after: keptAfterwards,
  },

  actions: {
    before: primed,
    async during(play) {
      const page = await faulty(play);
      const promises = promisesFor(play);
      await promises.act(page, play, TIMER, null);
      await page.waitForTimeout(play.rest);
      await page.reload();
      await untilReady(page, play);
      await promises.hold(page, play);
      await promises.act(page, play, BREAD, 'bread');
      await leave(page, play);
    },
    after: keptAfterwards,
  },

  chats: {
    before: primed,
    async during(play) {
      const page = await faulty(play);
      await ask(page, play, SUM);
      await page.waitForTimeout(play.rest);
      await page.getByTestId('model-button').click();
      await page.getByTestId('new-chat').click();
      await page.waitForFunction(
        () => document.querySelectorAll('[data-testid=message-user]').length === 0,
      );
      await ask(page, play, TIMER);
      const others = await otherChats(page, play);
      play.check(others.includes(SUM), `the earlier conversation is gone: ${others}`);
      await leave(page, play);
    },
    async after(play) {
      const page = await clean(play);
      const chat = chatOf.get(play);
      const here = (await shown(page)).questions;
      const all = [...here, ...(await otherChats(page, play))];
      for (const text of chat ? [SUM, TIMER] : []) {
        play.check(all.includes(text), `chat: “${text}” is gone, ${JSON.stringify(all)} are there`);
      }
      await sums(page, play);
    },
  },

  tabs: {
    before: primed,
    async during(play) {
      const [first, second] = [await play.shimmed('one'), await play.shimmed('two')];
      const promises = promisesFor(play);
      await start(first, play);
      await promises.act(first, play, MILK, 'milk');
      await second.goto(play.site.url);
      await settled(second, play);
      await untilReady(second, play);
      await promises.act(second, play, BREAD, 'bread');
      await first.close();
      await second.waitForTimeout(play.rest);
      chatOf.set(play, { questions: [BREAD] });
      await second.close();
    },
    after: keptAfterwards,
  },

  install: {
    serviceWorker: true,
    async during(play) {
      const page = await faulty(play);
      await ask(page, play, SUM);
      // An install that failed says nothing and comes at a later visit.
      await untilOffline(page, play, 4000).catch(() => {});
      await page.close();
    },
    async after(play) {
      const page = await clean(play);
      await untilOffline(page, play, play.bound);
      play.site.down = true;
      await page.reload();
      await untilReady(page, play);
      await sums(page, play);
    },
  },

  update: {
    serviceWorker: true,
    async before(play) {
      const page = await clean(play);
      await untilOffline(page, play, play.bound);
      await page.close();
    },
    async during(play) {
      play.site.updated = true;
      const page = await faulty(play);
      await ask(page, play, MILK);
      await useUpdate(page, 4000).catch(() => {});
      await untilReady(page, play);
      await leave(page, play);
    },
    async after(play) {
      const page = await clean(play);
      await isUpdated(page, play);
      const chat = chatOf.get(play);
      if (chat) await sameChat(page, play, chat);
      play.site.down = true;
      await page.reload();
      await untilReady(page, play);
      await sums(page, play);
    },
  },
};

async function untilOffline(page: Page, play: Play, timeout: number): Promise<void> {
  const works = page.locator('[data-testid=status][data-offline=true]');
  await works.waitFor({ timeout }).catch(() => {
    if (timeout === play.bound) throw new Broken('works offline: not within the bound');
    throw new Error('not yet');
  });
}

/** Takes the offer of the new version, where it comes. */
async function useUpdate(page: Page, timeout: number): Promise<void> {
  await page.getByRole('button', { name: 'Use it' }).click({ timeout });
  await page.waitForFunction(() => document.querySelector('meta[name=next]'), null, { timeout });
}

/** A clean start comes to the new version, by itself or by the offer. */
async function isUpdated(page: Page, play: Play): Promise<void> {
  const next = () => page.evaluate(() => document.querySelector('meta[name=next]') !== null);
  if (await next()) return;
  await useUpdate(page, play.bound).catch(() => {
    throw new Broken('the update: never offered, also at the next visit');
  });
  await untilReady(page, play);
}
