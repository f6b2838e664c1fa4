import { expect, test } from 'vitest';
import { parseAction } from './action.ts';
import { apply, EMPTY, type Kept } from './kept.ts';

const NOW = new Date(2026, 10, 22, 14, 30);

function run(kept: Kept, text: string, id = 'a') {
  return apply(kept, parseAction(text)!, { now: NOW, id });
}

test('a timer runs from now', () => {
  const { kept, outcome } = run(EMPTY, '{"action":"timer","duration":"10 minutes"}');
  expect(outcome).toEqual({ kind: 'timer', id: 'a' });
  expect(kept.timers).toEqual([
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
  const { kept, outcome } = run(EMPTY, '{"action":"timer","duration":"a while"}');
  expect(outcome.kind).toBe('failed');
  expect(kept).toEqual(EMPTY);
});

test('a list keeps its items over add, show and remove', () => {
  const add = (item: string) => `{"action":"list","op":"add","list":"Shopping","item":"${item}"}`;
  let { kept } = run(EMPTY, add('milk'));
  ({ kept } = run(kept, add('eggs')));
  const twice = run(kept, add('the milk'));
  expect(twice.outcome).toMatchObject({ found: true, items: ['milk', 'eggs'] });
  const removed = run(
    twice.kept,
    '{"action":"list","op":"remove","list":"shopping","item":"Milk"}',
  );
  expect(removed.outcome).toMatchObject({ found: true, items: ['eggs'] });
  const shown = run(removed.kept, '{"action":"list","op":"show","list":"shopping"}');
  expect(shown.outcome).toMatchObject({ items: ['eggs'] });
});

test('a reminder keeps its words and its moment', () => {
  const { kept } = run(EMPTY, '{"action":"reminder","text":"call mom","when":"tomorrow at 5 pm"}');
  const dueAt = new Date(2026, 10, 23, 17, 0).getTime();
  expect(kept.reminders).toEqual([
    { id: 'a', text: 'call mom', when: 'tomorrow at 5 pm', dueAt, done: false },
  ]);
});

test('a note is kept', () => {
  const { kept } = run(EMPTY, '{"action":"note","text":"room 12"}');
  expect(kept.notes).toEqual([{ id: 'a', text: 'room 12', at: NOW.getTime() }]);
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
