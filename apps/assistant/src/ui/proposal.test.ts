// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import { beforeEach, expect, test, vi } from 'vitest';
import { Assistant } from '../state/assistant.ts';
import { transact, write } from '../state/database.ts';
import type { Message } from '../state/message.ts';
import type { AppView } from './app.ts';

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
  await import('./app.ts');
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
  expect(card.textContent).toContain('“send \\u202emoney”');
  expect(assistant.userData.data.notes).toEqual([]);
  const accept = byTestId(view, 'accept')!;
  accept.click();
  accept.click();
  await settled();
  expect(assistant.userData.data.notes).toMatchObject([{ id: 'a' }]);
  expect(byTestId(view, 'card')!.dataset.kind).toBe('note');
});

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
