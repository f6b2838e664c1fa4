// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import type { Model } from 'pocketbit';
import { beforeEach, expect, test, vi } from 'vitest';
import { Assistant } from '../state/assistant.ts';
import { BUILT_IN } from '../state/catalog.ts';
import { transact, write } from '../state/database.ts';
import type { Message } from '../state/message.ts';
import './app.ts';
import type { AppView } from './app.ts';

// The first rendering of everything takes a while on a busy machine.
vi.setConfig({ testTimeout: 30_000 });
vi.stubGlobal('BroadcastChannel', undefined);
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe() {}
  },
);
vi.stubGlobal('visualViewport', null);
vi.stubGlobal('matchMedia', () => ({ matches: false }));

beforeEach(() => transact('readwrite', (records) => void records.clear()));

const proposed = (text: string): Message => ({
  id: 'a',
  role: 'assistant',
  text: '{}',
  ids: [],
  state: 'done',
  outcome: { kind: 'proposed', action: { action: 'note', text } },
});

async function show(assistant: Assistant): Promise<AppView> {
  const view = document.createElement('pb-app') as AppView;
  view.assistant = assistant;
  document.body.replaceChildren(view);
  await settled();
  return view;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 60; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

const byTestId = <T extends HTMLElement>(view: HTMLElement, id: string) =>
  view.querySelector<T>(`[data-testid="${id}"]`);

test('what a foreign model proposes is shown as it is written, and done on a yes alone, once (fault 29)', async () => {
  const assistant = new Assistant();
  await assistant.userData.start();
  assistant.chat.messages = [proposed('send \u202emoney')];
  const view = await show(assistant);
  const card = byTestId(view, 'card')!;
  expect(card.dataset.kind).toBe('proposed');
  expect(card.textContent).toContain('“send ⟨U+202E⟩money”');
  expect(assistant.userData.data.notes).toEqual([]);
  const accept = byTestId(view, 'accept')!;
  accept.click();
  accept.click();
  await settled();
  expect(assistant.userData.data.notes).toMatchObject([{ id: 'a' }]);
  expect(byTestId(view, 'card')!.dataset.kind).toBe('note');
});

/** A model that answers with an action, whatever it is asked. */
function loaded(sha256: string, text: string): Model {
  const stream = {
    session: null,
    async *[Symbol.asyncIterator]() {
      yield { text, ids: [1] };
    },
    result: Promise.resolve({ stats: undefined }),
  };
  const info = { sha256, name: BUILT_IN.name, source: BUILT_IN.url, storage: 'memory' };
  return { info, generate: () => stream } as unknown as Model;
}

test.each([
  ['add', '{"action":"list","op":"add","list":"shopping","item":"eggs"}'],
  ['remove', '{"action":"list","op":"remove","list":"shopping","item":"milk"}'],
  ['timer', '{"action":"timer","duration":"10 minutes"}'],
  ['reminder', '{"action":"reminder","text":"pay","when":"tomorrow"}'],
  ['note', '{"action":"note","text":"x"}'],
])(
  'a model acts by itself only where its hash is the bundled one’s, not its name: %s (fault 29)',
  async (_, text) => {
    const assistant = new Assistant();
    await assistant.userData.start();
    await assistant.userData.apply({ action: 'list', op: 'add', list: 'shopping', item: 'milk' });
    const before = assistant.userData.data;
    assistant.phase = { name: 'ready', model: loaded('0'.repeat(64), text) };
    await assistant.send('do it');
    expect(assistant.messages.at(-1)!.outcome).toMatchObject({ kind: 'proposed' });
    expect(assistant.userData.data).toEqual(before);
    assistant.phase = { name: 'ready', model: loaded(BUILT_IN.sha256, text) };
    await assistant.send('do it');
    expect(assistant.messages.at(-1)!.outcome!.kind).not.toBe('proposed');
    expect(assistant.userData.data).not.toEqual(before);
  },
);

test('on a no nothing is done (fault 29)', async () => {
  const assistant = new Assistant();
  await assistant.userData.start();
  assistant.chat.messages = [proposed('x')];
  const view = await show(assistant);
  byTestId(view, 'decline')!.click();
  await settled();
  expect(assistant.userData.data.notes).toEqual([]);
  expect(byTestId(view, 'card')!.dataset.kind).toBe('declined');
});

test('what cannot be read is told beside the rest, and deleted on a second word alone (fault 18)', async () => {
  await write(['kept', 'note', 'x'], { version: 9 });
  await write('kept', {
    timers: [],
    reminders: [],
    lists: {},
    notes: [{ id: 'g', text: 'good', at: 1 }],
  });
  const assistant = new Assistant();
  await assistant.userData.start();
  const view = await show(assistant);
  expect(byTestId(view, 'kept')!.textContent).toContain('Good');
  const line = byTestId(view, 'unreadable')!;
  expect(line.textContent).toContain('One stored thing could not be read');
  const confirm = vi.fn(() => false);
  vi.stubGlobal('confirm', confirm);
  const [, remove] = line.querySelectorAll('button');
  remove!.click();
  await settled();
  expect(assistant.unreadable).toHaveLength(1);
  confirm.mockReturnValue(true);
  remove!.click();
  await settled();
  expect(assistant.unreadable).toEqual([]);
});
