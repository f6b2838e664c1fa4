import { describe, expect, test } from 'vitest';
import { badModel, PocketbitError } from './errors.ts';

describe('PocketbitError.from', () => {
  test.each([
    [
      Object.assign(new Error('no room for 3 tokens'), { code: 'context-full' }),
      'context-full',
      'no room for 3 tokens',
    ],
    [Object.assign(new Error('stop'), { name: 'AbortError' }), 'aborted', 'stop'],
    [Object.assign(new Error('disk'), { name: 'QuotaExceededError' }), 'quota', 'disk'],
    [new RangeError('Array buffer allocation failed'), 'out-of-memory', undefined],
    [{ code: 'integrity', message: 'chunk 3' }, 'integrity', 'chunk 3'],
    [{ code: 'ENOENT', message: 'bad-model: x' }, 'network', 'bad-model: x'],
    [new Error('no-such-code: x'), 'network', 'no-such-code: x'],
    ['text', 'network', 'text'],
    [undefined, 'network', 'undefined'],
  ])('%s', (thrown, code, message) => {
    const error = PocketbitError.from(thrown, 'network');
    expect(error).toBeInstanceOf(PocketbitError);
    expect(error.code).toBe(code);
    if (message !== undefined) expect(error.message).toBe(message);
  });

  test('keeps one that already is', () => {
    const error = new PocketbitError('busy', 'x');
    expect(PocketbitError.from(error)).toBe(error);
  });
});

test('what a file says cannot hide, turn round or break up a message', () => {
  const { message } = badModel('the tensor "a\u202eb\u0000c\nd\u200be" is wrong');
  expect(message).toMatch(/^The tensor "a\ufffdb\ufffdc\ufffdd\ufffde" is wrong\./);
});
