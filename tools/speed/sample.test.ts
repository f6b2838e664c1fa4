import { expect, test } from 'vitest';
import { medianSample, sampleOf } from './sample.ts';

const answer = (ms: number) => ({
  promptTokens: 128,
  cachedTokens: 0,
  promptMs: ms / 2,
  tokenTimes: [ms / 2, (ms * 3) / 4, ms],
});

test('an undisturbed request has rates by the clock', () => {
  expect(sampleOf(answer(2000), 1900)).toEqual({
    prefill: 128,
    decode: 2,
    firstTokenMs: 1000,
    share: 0.95,
  });
});

test('a request that had half a core has rates by CPU time', () => {
  const sample = sampleOf(answer(2000), 1000);
  expect(sample).toMatchObject({ prefill: 256, decode: 4, firstTokenMs: 500, share: 0.5 });
});

test('a short request is taken by the clock: waiting is a part of its speed', () => {
  expect(sampleOf(answer(200), 100)).toMatchObject({ prefill: 1280, share: 0.5 });
});

test('a prompt that was cached is no prompt that was read', () => {
  expect(() => sampleOf({ ...answer(2000), cachedTokens: 3 }, 2000)).toThrow('3 tokens');
});

test('each rate has its own median', () => {
  const sample = (prefill: number, decode: number) => ({
    prefill,
    decode,
    firstTokenMs: 1,
    share: 1,
  });
  const middle = medianSample([sample(1, 30), sample(2, 10), sample(3, 20)]);
  expect(middle).toMatchObject({ prefill: 2, decode: 20 });
});
