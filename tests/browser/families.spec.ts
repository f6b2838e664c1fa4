// Files of the other families in a page: those of a split model, and one of each kind of weights.

import { cachedFamily, writeShards } from '../models/files.ts';
import { SMALL_MODELS } from '../models/published.ts';
import { modelCache } from '../support/paths.ts';
import { expect, test } from './fixtures.ts';

const [SPLIT] = SMALL_MODELS;
const KINDS = ['small-llama-3.1', 'small-llama-2', 'small-qwen3', 'small-qwen3-q2-g128'];

const address = (path: string) => `../files/${path.split('/').at(-1)}`;

test('a split model loads by the address of any of its files, like the whole one', async ({
  lab,
}) => {
  const shards = writeShards(SPLIT!, modelCache, 3);
  const [whole, split] = await lab.evaluate(
    async (urls) => {
      const results = [];
      for (const url of urls) {
        const loaded = await window.lab.pocketbit.load(url);
        const { fileBytes, residentBytes } = loaded.info;
        const logits = Array.from(await loaded.logits([1, 2, 3]));
        results.push({ fileBytes, residentBytes, logits });
        await loaded.close();
      }
      return results;
    },
    [cachedFamily(SPLIT!, 1), shards[1]!].map(address),
  );
  expect(split!.logits).toEqual(whole!.logits);
  expect(split!.residentBytes).toBe(whole!.residentBytes);
  expect(split!.fileBytes).toBeGreaterThan(whole!.fileBytes);
});

test('a split model whose second file is missing is refused', async ({ lab }) => {
  const failure = await lab.evaluate(() =>
    window.lab.failure(() =>
      window.lab.pocketbit.load('../files/nowhere-00001-of-00002.gguf', { store: false }),
    ),
  );
  expect(failure?.code).toBe('network');
});

for (const model of SMALL_MODELS.filter(({ name }) => KINDS.includes(name))) {
  test(`${model.name} loads and answers`, async ({ lab }) => {
    const answer = await lab.evaluate(
      async (url) => {
        const loaded = await window.lab.pocketbit.load(url, { store: false });
        const { stats } = await loaded.generate('hello there', { maxTokens: 4 }).result;
        return { stats, info: loaded.info };
      },
      address(cachedFamily(model, 1)),
    );
    expect(answer.info).toMatchObject({ architecture: model.arch, vocabSize: model.vocab });
    expect(answer.stats.generatedTokens).toBe(4);
  });
}
