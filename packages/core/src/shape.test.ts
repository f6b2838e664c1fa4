import { expect, test } from 'vitest';
import {
  isCount,
  isFlag,
  isListOf,
  isNumber,
  isOneOf,
  isRecordOf,
  isText,
  orNone,
  orNull,
} from './shape.ts';

interface Note {
  version: 1 | 2;
  text: string;
  at: number;
  tags: string[];
  done?: boolean;
  size: number | null;
}

const isNote = isRecordOf<Note>({
  version: isOneOf<1 | 2>(1, 2),
  text: isText,
  at: isNumber,
  tags: isListOf(isText),
  done: orNone(isFlag),
  size: orNull(isCount),
});

const note: Note = { version: 1, text: 'a', at: -1.5, tags: ['x'], size: null };

test('a record is what its fields say, with what a later version adds', () => {
  expect(isNote(note)).toBe(true);
  expect(isNote({ ...note, done: true, size: 4, later: 1 })).toBe(true);
});

test.each([
  ['a later version', { ...note, version: 3 }],
  ['a version as text', { ...note, version: '1' }],
  ['no text', { ...note, text: undefined }],
  ['NaN', { ...note, at: Number.NaN }],
  ['a wrong element', { ...note, tags: ['x', 1] }],
  ['a gap', { ...note, tags: new Array(2) }],
  ['no list', { ...note, tags: { length: 0 } }],
  ['a wrong optional field', { ...note, done: null }],
  ['a size below nothing', { ...note, size: -1 }],
  ['a broken size', { ...note, size: 1.5 }],
  ['a size that no double holds', { ...note, size: 2 ** 53 }],
  ['null', null],
  ['text', 'note'],
  ['a list', []],
  ['nothing', undefined],
])('%s is no such record', (_, value) => {
  expect(isNote(value)).toBe(false);
});
