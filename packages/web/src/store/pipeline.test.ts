import { expect, test } from 'vitest';
import { Pipeline } from './pipeline.ts';

const later = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

test('jobs run in order, and the caller goes ahead by no more than the depth', async () => {
  const done: number[] = [];
  const pipeline = new Pipeline(2);
  for (let i = 0; i < 6; i++) {
    await pipeline.add(async () => {
      await later();
      done.push(i);
    });
    expect(i - done.length).toBeLessThanOrEqual(2);
  }
  await pipeline.drain();
  expect(done).toEqual([0, 1, 2, 3, 4, 5]);
});

test('after a failure nothing more is run until it was met', async () => {
  const done: string[] = [];
  const pipeline = new Pipeline(4);
  await pipeline.add(async () => Promise.reject(new Error('full')));
  await pipeline.add(async () => void done.push('skipped'));
  await expect(pipeline.drain()).rejects.toThrow('full');
  await pipeline.add(async () => void done.push('next'));
  await pipeline.drain();
  expect(done).toEqual(['next']);
});
