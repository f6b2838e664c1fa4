import { expect, test } from 'vitest';
import { parseAction } from './action.ts';
import { apply, EMPTY, type UserData } from './user-data.ts';

const NOW = new Date(2026, 10, 22, 14, 30);

function run(data: UserData, text: string, id = 'a') {
  return apply(data, parseAction(text)!, { now: NOW, id });
}

test('a timer runs from now', () => {
  const { data, outcome } = run(EMPTY, '{"action":"timer","duration":"10 minutes"}');
  expect(outcome).toEqual({ kind: 'timer', id: 'a' });
  expect(data.timers).toEqual([
    {
      id: 'a',
      label: '10 minutes',
      durationMs: 600_000,
      endsAt: NOW.getTime() + 600_000,
      state: 'running',
    },
  ]);
});

test('a timer without a duration fails and keeps nothing', () => {
  const { data, outcome } = run(EMPTY, '{"action":"timer","duration":"a while"}');
  expect(outcome.kind).toBe('failed');
  expect(data).toEqual(EMPTY);
});

test('a list keeps its items over add, show and remove', () => {
  const add = (item: string) => `{"action":"list","op":"add","list":"Shopping","item":"${item}"}`;
  let { data } = run(EMPTY, add('milk'));
  ({ data } = run(data, add('eggs')));
  const twice = run(data, add('the milk'));
  expect(twice.outcome).toMatchObject({ found: true, items: ['milk', 'eggs'] });
  const removed = run(
    twice.data,
    '{"action":"list","op":"remove","list":"shopping","item":"Milk"}',
  );
  expect(removed.outcome).toMatchObject({ found: true, items: ['eggs'] });
  const shown = run(removed.data, '{"action":"list","op":"show","list":"shopping"}');
  expect(shown.outcome).toMatchObject({ items: ['eggs'] });
});

test('a reminder keeps its words and its moment', () => {
  const { data } = run(EMPTY, '{"action":"reminder","text":"call mom","when":"tomorrow at 5 pm"}');
  const dueAt = new Date(2026, 10, 23, 17, 0).getTime();
  expect(data.reminders).toEqual([
    { id: 'a', text: 'call mom', when: 'tomorrow at 5 pm', dueAt, done: false },
  ]);
});

test('a note is kept', () => {
  const { data } = run(EMPTY, '{"action":"note","text":"room 12"}');
  expect(data.notes).toEqual([{ id: 'a', text: 'room 12', at: NOW.getTime() }]);
});

test('conversions and sums are computed here', () => {
  const converted = run(EMPTY, '{"action":"convert","value":"10","from":"km","to":"miles"}');
  expect(converted.outcome).toMatchObject({ question: '10 km', answer: '6.21371 mi' });
  const summed = run(EMPTY, '{"action":"calculate","expression":"12 * 7"}');
  expect(summed.outcome).toMatchObject({ question: '12 × 7', answer: '84' });
});

test('a list named like an inherited property is an ordinary list', () => {
  const { outcome } = run(EMPTY, '{"action":"list","op":"show","list":"constructor"}');
  expect(outcome).toMatchObject({ kind: 'list', items: [] });
});
