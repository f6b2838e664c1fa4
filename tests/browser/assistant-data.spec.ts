// What the assistant keeps for its user: written by several tabs, read whatever it looks like, carried out once, on time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { bundledModel } from '../support/paths.ts';
import { startSite } from '../support/serve.ts';
import { ask, untilReady } from './assistant.ts';
import {
  besideApp,
  kept,
  movableClock,
  moveClock,
  oldForm,
  type Seed,
  seed,
  untilKept,
} from './assistant-data.ts';
import { expect, test } from './fixtures.ts';

const MILK = 'Add milk to the shopping list';
const CALL = 'Remind me to call mom tomorrow at 5 pm';
const TIMER = 'Set a timer for 10 minutes';

const timerIn = (ms: number, label = 'soon') => ({
  id: `timer-${label}`,
  label,
  durationMs: Math.max(1, ms),
  endsAt: Date.now() + ms,
  state: 'running',
});

/** Keeps a page from doing anything else, as a long task does. */
const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

test('a timer that rings in a busy tab keeps what another tab has added meanwhile (fault 3)', async ({
  context,
  site,
}) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await besideApp(first, site.url);
  await first.goto(site.url);
  await untilReady(first);
  await besideApp(second, site.url);
  await seed(second, [
    oldForm({ timers: [timerIn(9_000)], notes: [{ id: 'n', text: 'before', at: 1 }] }),
  ]);
  await first.reload();
  await untilReady(first);
  await second.goto(site.url);
  await untilKept(second, 'Before');
  const busy = second.evaluate(spin, 11_000);
  await ask(first, MILK);
  await ask(first, CALL);
  await busy;
  await expect(second.getByTestId('timer').filter({ visible: true })).toHaveAttribute(
    'data-state',
    'ringing',
  );
  for (const page of [first, second]) {
    await untilKept(page, 'milk');
    await untilKept(page, 'Call mom');
    await page.reload();
    await untilKept(page, 'milk');
    await untilKept(page, 'Call mom');
  }
});

test('two tabs that change what is kept without hearing of each other lose nothing (fault 3)', async ({
  context,
  site,
}) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  await second.addInitScript(() => {
    BroadcastChannel.prototype.postMessage = () => {};
  });
  const note = (id: string) => ({ id, text: id, at: 1 });
  await besideApp(first, site.url);
  await seed(first, [oldForm({ notes: [note('one'), note('two')] })]);
  await first.goto(site.url);
  await untilReady(first);
  await second.goto(site.url);
  await untilKept(second, 'One');
  await kept(second).getByRole('button', { name: 'Remove one' }).click();
  await untilKept(second, 'One', 0);
  await ask(first, MILK);
  await first.reload();
  await untilKept(first, 'milk');
  await untilKept(first, 'Two');
  await untilKept(first, 'One', 0);
});

/** Once the reminder is kept nothing more reaches the conversations, as of a page that is killed there; the next visit lives. */
const dieAfterAction = () => {
  if (sessionStorage.getItem('died')) return;
  const { put } = IDBObjectStore.prototype;
  let dead = false;
  IDBObjectStore.prototype.put = function (
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) {
    const { db } = this.transaction;
    if (dead && db.name === 'pocketbit-session') {
      throw new DOMException('the page is gone', 'AbortError');
    }
    if (db.name === 'pocketbit-assistant' && /call mom/.test(JSON.stringify(value))) {
      dead = true;
      this.transaction.addEventListener('complete', () => sessionStorage.setItem('died', 'yes'));
    }
    return put.call(this, value, key);
  };
};

test('an action whose page dies before the conversation is written is not carried out again (fault 12)', async ({
  page,
  site,
}) => {
  await page.addInitScript(dieAfterAction);
  await page.goto(site.url);
  await untilReady(page);
  await page.getByTestId('input').fill(CALL);
  await page.getByTestId('send').click();
  await expect.poll(() => page.evaluate(() => sessionStorage.getItem('died'))).toBe('yes');
  await page.reload();
  await untilReady(page);
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('card')).toHaveAttribute('data-kind', 'reminder');
  await untilKept(page, 'Call mom');
});

const FAR = 3_600_000;
const ring = (page: Page) => page.getByRole('alert').getByText('Time is up');

test('a wall clock that jumps ahead: the timer rings at once, and once (fault 21)', async ({
  page,
  site,
}) => {
  await page.addInitScript(movableClock);
  await page.goto(site.url);
  await untilReady(page);
  await ask(page, TIMER);
  await moveClock(page, FAR);
  await expect(ring(page)).toHaveCount(1, { timeout: 5000 });
  await page.getByRole('alert').getByRole('button', { name: 'Dismiss' }).click();
  await expect(ring(page)).toHaveCount(0);
});

test('a wall clock that is set back: the timer rings when its time has passed (fault 21)', async ({
  page,
  site,
}) => {
  await page.addInitScript(movableClock);
  await besideApp(page, site.url);
  await seed(page, [oldForm({ timers: [timerIn(12_000)] })]);
  await page.goto(site.url);
  await untilReady(page);
  await moveClock(page, -FAR);
  await expect(page.locator('.countdown').filter({ visible: true })).toHaveText(/^0:\d\d$/);
  await expect(ring(page)).toHaveCount(1, { timeout: 15_000 });
});

test('a wall clock set back between two visits leaves a timer no more than its length (fault 21)', async ({
  page,
  site,
}) => {
  await besideApp(page, site.url);
  const timer = { ...timerIn(8000), endsAt: Date.now() + FAR };
  await seed(page, [oldForm({ timers: [timer] })]);
  await page.goto(site.url);
  await expect(ring(page)).toHaveCount(1, { timeout: 15_000 });
});

test('a timer that ended while the app was closed is told once, on return (fault 21)', async ({
  page,
  site,
}) => {
  await besideApp(page, site.url);
  await seed(page, [oldForm({ timers: [timerIn(-FAR, '5 minutes')] })]);
  await page.goto(site.url);
  await expect(ring(page)).toHaveCount(1);
  await page.reload();
  await expect(ring(page)).toHaveCount(1);
  await page.getByRole('alert').getByRole('button', { name: 'Dismiss' }).click();
  await expect(ring(page)).toHaveCount(0);
  await page.reload();
  await untilReady(page);
  await expect(ring(page)).toHaveCount(0);
});

const CHAT = (id: string, value: string): Seed => ['pocketbit-session', ['chat', id], value];
const MESSAGE = "{ id: 'q', role: 'user', text: 'a good one', ids: [], state: 'done' }";
const frame = (fields: string) =>
  `const chat = { id: 'bad', revision: 3, updatedAt: 9e15, messages: [${MESSAGE}], session: null }; ${fields}; return chat`;

/** Conversations that are none. */
const BAD_CHATS: Record<string, string> = {
  null: 'return null',
  'a text': "return 'chat'",
  'a number': 'return 7',
  'a list': 'return []',
  'a Date': 'return new Date(0)',
  'a Map': "return new Map([['id', 'bad']])",
  'no messages': frame('delete chat.messages'),
  'messages that are null': frame('chat.messages = null'),
  'messages that are a text': frame("chat.messages = 'all of them'"),
  'a message that is null': frame('chat.messages = [null]'),
  'a message without text': frame(
    "chat.messages = [{ id: 'q', role: 'user', ids: [], state: 'done' }]",
  ),
  'a message whose text is a Date': frame('chat.messages[0].text = new Date(0)'),
  'a message without ids': frame('delete chat.messages[0].ids'),
  'a message of an unknown role': frame("chat.messages[0].role = 'system'"),
  'a message in an unknown state': frame("chat.messages[0].state = 'later'"),
  'an outcome of an unknown kind': frame(
    "chat.messages[0].role = 'assistant'; chat.messages[0].outcome = { kind: 'alarm' }",
  ),
  'an outcome that is null': frame(
    "chat.messages[0].role = 'assistant'; chat.messages[0].outcome = { kind: 'list', items: null }",
  ),
  'stats that are a text': frame(
    "chat.messages[0].role = 'assistant'; chat.messages[0].stats = 'fast'",
  ),
  'messages that hold themselves': frame('chat.messages.push(chat.messages)'),
  'two messages of one id': frame('chat.messages.push({ ...chat.messages[0] })'),
  'an id that is not its key’s': frame("chat.id = 'good'"),
  'no id': frame('delete chat.id'),
  'a time that is NaN': frame('chat.updatedAt = NaN'),
  'a time that is a BigInt': frame('chat.updatedAt = 10n'),
  'a revision that is a text': frame("chat.revision = 'three'"),
  'a later version': frame('chat.version = 99; chat.messages = { count: 1 }'),
  'a session that is a text': frame(
    "chat.session = 'go on'; chat.messages[0].role = 'assistant'; chat.messages[0].state = 'streaming'",
  ),
  'a session without an answer': frame(
    "chat.session = { version: 1 }; chat.messages[0].role = 'assistant'; chat.messages[0].state = 'streaming'",
  ),
  'fifty thousand messages': frame(
    'chat.messages = Array.from({ length: 5e4 }, (_, i) => ({ ...chat.messages[0], id: String(i) }))',
  ),
  'a message of eight million characters': frame("chat.messages[0].text = 'x'.repeat(8e6)"),
};

const GOOD_CHAT = CHAT(
  'good',
  frame("chat.id = 'good'; chat.updatedAt = 8e15; chat.messages[0].text = 'the good conversation'"),
);

test.describe('stored conversations that are none', () => {
  for (const [name, value] of Object.entries(BAD_CHATS)) {
    test(`${name}: the app starts, and the others are there (fault 18)`, async ({ page, site }) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await besideApp(page, site.url);
      await seed(page, [GOOD_CHAT, CHAT('bad', value)]);
      await page.goto(site.url);
      await untilReady(page);
      await page.getByTestId('model-button').click();
      const shown = page.getByText('the good conversation');
      await expect(shown.first()).toBeVisible();
      await page.keyboard.press('Escape');
      await ask(page, MILK);
      expect(errors).toEqual([]);
    });
  }
});

/** Kept data that is none, in the form of versions before 0.3. */
const GOOD_NOTE = "{ id: 'g', text: 'good', at: 1 }";
const data = (fields: string) =>
  `const kept = { timers: [], reminders: [], lists: { errands: ['bank'] }, notes: [${GOOD_NOTE}] }; ${fields}; return kept`;
const BAD_KEPT: Record<string, string> = {
  'a timer that is null': data('kept.timers = [null]'),
  'timers that are null': data('kept.timers = null'),
  'timers that are a Map': data('kept.timers = new Map()'),
  'no timers': data('delete kept.timers'),
  'a timer that ends at NaN': data(
    "kept.timers = [{ id: 't', label: 'x', durationMs: 1000, endsAt: NaN, state: 'running' }]",
  ),
  'a timer that ends never': data(
    "kept.timers = [{ id: 't', label: 'x', durationMs: Infinity, endsAt: Infinity, state: 'running' }]",
  ),
  'a timer that ends at a Date': data(
    "kept.timers = [{ id: 't', label: 'x', durationMs: 1000, endsAt: new Date(), state: 'running' }]",
  ),
  'a timer in an unknown state': data(
    "kept.timers = [{ id: 't', label: 'x', durationMs: 1000, endsAt: 1, state: 'paused' }]",
  ),
  'a reminder without text': data(
    "kept.reminders = [{ id: 'r', when: 'now', dueAt: 1, done: false }]",
  ),
  'a reminder that is due at a text': data(
    "kept.reminders = [{ id: 'r', text: 'x', when: 'now', dueAt: 'soon', done: false }]",
  ),
  'lists that are a list': data('kept.lists = [["milk"]]; kept.lists2 = 1'),
  'a list that is null': data('kept.lists.shopping = null'),
  'a list of numbers': data('kept.lists.shopping = [1, 2]'),
  'a list that holds itself': data(
    'kept.lists.shopping = []; kept.lists.shopping.push(kept.lists.shopping)',
  ),
  'a note that is a text': data("kept.notes.push('note')"),
  'a note whose text is a list': data("kept.notes.push({ id: 'x', text: ['a'], at: 1 })"),
  'two notes of one id': data("kept.notes.push({ id: 'g', text: 'other', at: 1 })"),
  'a later version': data("kept.version = 99; kept.notes.push({ id: 'x', body: 'later', at: 1 })"),
  'a note of eight million characters': data(
    "kept.notes.push({ id: 'x', text: 'x'.repeat(8e6), at: 1 })",
  ),
  'itself inside itself': data('kept.self = kept; kept.notes.push(kept)'),
};
const WHOLLY_BAD: Record<string, string> = {
  null: 'return null',
  'a text': "return 'kept'",
  'a number': 'return 5',
  'a list': 'return [1]',
  'a Date': 'return new Date(0)',
  'a Map': "return new Map([['notes', []]])",
};

test.describe('kept data that is none', () => {
  for (const [name, value] of Object.entries({ ...BAD_KEPT, ...WHOLLY_BAD })) {
    test(`${name}: the app starts, shows the rest and keeps the raw record (fault 18)`, async ({
      page,
      site,
    }) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await besideApp(page, site.url);
      await seed(page, [['pocketbit-assistant', 'kept', value]]);
      await page.goto(site.url);
      await untilReady(page);
      if (Object.hasOwn(BAD_KEPT, name)) await untilKept(page, 'Good');
      await ask(page, MILK);
      await untilKept(page, 'milk');
      await page.reload();
      await untilReady(page);
      await untilKept(page, 'milk');
      if (Object.hasOwn(BAD_KEPT, name)) await untilKept(page, 'Good');
      expect(errors).toEqual([]);
    });
  }
});

test.describe('an action of another model', () => {
  test('is shown with a question, and carried out only on a yes, once (fault 29)', async ({
    page,
  }, testInfo) => {
    const folder = testInfo.outputPath('foreign');
    mkdirSync(folder, { recursive: true });
    // The bundled model in a file of its name, with one byte of a text changed: all that proves it is its hash.
    const bytes = readFileSync(bundledModel);
    bytes.write('x', bytes.indexOf('Pocketbit Actions'));
    writeFileSync(`${folder}/pocketbit-actions.gguf`, bytes);
    const site = await startSite({ mounts: { '/foreign/': `${folder}/` } });
    await besideApp(page, site.url);
    await seed(page, [oldForm({ lists: { shopping: ['milk', 'eggs'] } })]);
    await page.goto(`${site.url}?model=foreign/pocketbit-actions.gguf`);
    await untilReady(page);
    await ask(page, 'Remove milk from the shopping list');
    const card = page.getByTestId('card').last();
    await expect(card).toHaveAttribute('data-kind', 'proposed');
    await untilKept(page, 'milk');
    await page.reload();
    await untilReady(page);
    await untilKept(page, 'milk');
    await card.getByTestId('decline').click();
    await expect(card).not.toHaveAttribute('data-kind', 'proposed');
    await untilKept(page, 'milk');
    await ask(page, CALL);
    await expect(card).toHaveAttribute('data-kind', 'proposed');
    await page.getByTestId('accept').dblclick();
    await expect(card).toHaveAttribute('data-kind', 'reminder');
    // The model draws the words: another one's answers are not greedy.
    const words = (await card.getByRole('paragraph').first().textContent()) ?? '';
    await untilKept(page, words);
    await page.reload();
    await untilKept(page, words);
    await site.kill();
  });
});
