import { expect, test } from 'vitest';
import { Texts } from './texts.ts';

/** A tokenizer of letters and one of words. */
const letters = { tokenize: async (text: string) => [...text].map((_, i) => i) };
const words = { tokenize: async (text: string) => text.split(' ').map((_, i) => i) };

test.each([letters, words])('texts have about the tokens asked for', async (model) => {
  const texts = await Texts.of(model);
  for (const tokens of [16, 128, 1024]) {
    const { length } = await model.tokenize(texts.about(tokens, 3));
    expect(length).toBeGreaterThan(tokens * 0.7);
    expect(length).toBeLessThan(tokens * 1.3);
  }
});

test('a longer text begins with the shorter one, other seeds with another word', async () => {
  const texts = await Texts.of(words);
  expect(texts.about(64, 5).startsWith(texts.about(16, 5))).toBe(true);
  const firsts = Array.from({ length: 30 }, (_, seed) => texts.about(8, seed).split(' ')[0]);
  expect(new Set(firsts).size).toBe(30);
});
