import { expect, test } from 'vitest';
import { continuity } from './continuity.ts';

const DATE = 'Mon, 02 Nov 2026 10:00:00 GMT';
const draft = (etag: string) => ({ size: 10, from: 'a', etag }) as never;
const answer = (validator: string) => ({ offset: 4, size: 10, validator }) as never;
const joins = (stored: string, now: string) => continuity(draft(stored), 4, answer(now), 'a', {});

test('a date that a version before 0.3 stored goes on where the server tells a weak ETag too', () => {
  expect(joins(DATE, `${DATE} W/"1"`)).toBe('append');
  expect(joins(`${DATE} W/"1"`, `${DATE} W/"1"`)).toBe('append');
  expect(joins(`${DATE} W/"1"`, `${DATE} W/"2"`)).toBe('foreign');
  expect(joins(DATE, 'Tue, 03 Nov 2026 10:00:00 GMT W/"1"')).toBe('foreign');
});
