import { expect, test } from 'vitest';
import type { ModelResult } from './report.ts';
import { comparison, markdown, ratiosToNative, ratiosToWllama, rooflineOf } from './table.ts';

const sample = (prefill: number, decode: number) => ({
  prefill,
  decode,
  firstTokenMs: 10,
  share: 1,
});
const standing = (prefill: number, decode: number) => ({
  coldMs: 2500,
  warmMs: 500,
  first: sample(prefill / 2, decode / 2),
  samples: [],
  later: sample(prefill, decode),
});

const RESULT: ModelResult = {
  model: '125m-tq2_0',
  fileBytes: 55_195_488,
  promptTokens: 128,
  decodeTokens: 64,
  contest: { pocketbit: standing(600, 180), wllama: standing(30, 20) },
  native: { prefill: 800, decode: 90, loadMs: 300, peakBytes: 1e8, share: 1 },
  peaks: { pocketbit: 150e6, wllama: 300e6 },
};

test('ratios are Pocketbit over its peer', () => {
  expect(ratiosToWllama(RESULT)).toEqual({ prefill: 20, decode: 9, peak: 0.5 });
  expect(ratiosToNative(RESULT)).toEqual({ prefill: 0.75, decode: 2 });
});

test('what was not measured has no ratio', () => {
  const { model, fileBytes, promptTokens, decodeTokens } = RESULT;
  const bare = { model, fileBytes, promptTokens, decodeTokens };
  expect(ratiosToWllama(bare)).toEqual({});
  expect(ratiosToNative(bare)).toEqual({});
});

test('a model is a row for each engine and one for each ratio', () => {
  const lines = markdown(comparison([RESULT])).split('\n');
  expect(lines).toContain(
    '| 125m-tq2_0 (55 MB, 128/64) | pocketbit | 2.50 | 0.50 | 300 / 90.0 | 600 | 180 | – | – | 150 |',
  );
  expect(lines).toContain('|  | pocketbit ÷ wllama |  |  |  | 20.00 × | 9.00 × |  |  | 0.50 × |');
  expect(lines).toContain('|  | pocketbit ÷ native |  |  |  | 0.75 × | 2.00 × |  |  |  |');
  const columns = new Set(lines.slice(2).map((line) => line.split('|').length));
  expect(columns.size).toBe(1);
});

test('the roofline of a token is the slower of reading and multiplying, of a prompt multiplying', () => {
  const ceilings = { streamGbs: 10, dotGmacs: 100, strictGmacs: 40 };
  const work = { bytes: 25e6, macs: 125e6, headMacs: 25e6 };
  const contest = { ...RESULT.contest, work };
  expect(rooflineOf(contest, ceilings)).toEqual({ prefill: 0.6, decode: 0.45 });
  const strict = rooflineOf(contest, { ...ceilings, dotGmacs: null });
  expect(strict?.prefill).toBeCloseTo(1.5);
  expect(rooflineOf(RESULT.contest!, ceilings)).toBeNull();
});
