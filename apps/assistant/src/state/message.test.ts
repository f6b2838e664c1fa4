import { expect, test } from 'vitest';
import { type Message, promptOf, storable } from './message.ts';

const say = (role: Message['role'], text: string, state: Message['state'] = 'done'): Message => ({
  id: text,
  role,
  text,
  ids: [],
  state,
});

const TALK = [
  say('user', 'one'),
  say('assistant', 'first'),
  say('user', 'two'),
  say('assistant', '', 'streaming'),
];

test('one turn is the latest request alone', () => {
  expect(promptOf(TALK, 1)).toEqual([{ role: 'user', content: 'two' }]);
});

test('more turns bring the answers between them, without the one being written', () => {
  expect(promptOf(TALK, 5).map(({ content }) => content)).toEqual(['one', 'first', 'two']);
});

test('failed answers are left out', () => {
  const talk = [say('user', 'one'), say('assistant', 'half', 'failed'), say('user', 'two')];
  expect(promptOf(talk, 5).map(({ content }) => content)).toEqual(['one', 'two']);
});

test('the last answer may be kept unfinished; one before it counts as it stands', () => {
  const kept = storable([
    say('assistant', 'half', 'streaming'),
    say('user', 'go on'),
    say('assistant', 'new', 'streaming'),
  ]);
  expect(kept.map(({ state }) => state)).toEqual(['done', 'done', 'streaming']);
});
