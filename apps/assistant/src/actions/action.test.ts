import { expect, test } from 'vitest';
import { looksLikeAction, parseAction } from './action.ts';

test.each([
  '{"action":"timer","duration":"10 minutes"}',
  '{"action":"reminder","text":"call mom","when":"tomorrow at 5 pm"}',
  '{"action":"list","op":"add","list":"shopping","item":"milk"}',
  '{"action":"list","op":"show","list":"shopping"}',
  '{"action":"note","text":"the key is in the garage"}',
  '{"action":"convert","value":"10","from":"km","to":"miles"}',
  '{"action":"calculate","expression":"12 * 7"}',
  '{"action":"unknown"}',
])('%s is an action', (text) => {
  expect(parseAction(text)).toEqual(JSON.parse(text));
});

test.each([
  ['cut off', '{"action":"timer","dura'],
  ['without a field', '{"action":"timer"}'],
  ['with an empty field', '{"action":"note","text":" "}'],
  ['with a number for text', '{"action":"timer","duration":10}'],
  ['of an unknown kind', '{"action":"launch"}'],
  ['named like an inherited property', '{"action":"constructor"}'],
  ['with an unknown list operation', '{"action":"list","op":"burn","list":"a","item":"b"}'],
  ['adding nothing to a list', '{"action":"list","op":"add","list":"a"}'],
  ['that is an array', '["timer"]'],
  ['with a very long field', `{"action":"note","text":"${'a'.repeat(501)}"}`],
])('JSON %s is no action', (_, text) => {
  expect(parseAction(text)).toBeNull();
});

test('prose does not look like an action, the start of one does', () => {
  expect(looksLikeAction('Once upon a time')).toBe(false);
  expect(looksLikeAction(' {"act')).toBe(true);
});
