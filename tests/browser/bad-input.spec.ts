// Files that are no model: a coded error that names what is wrong, nothing kept, nothing stuck.
import { hostileFiles } from '../models/hostile.ts';
import { ask, untilReady } from './assistant.ts';
import { expect, test } from './fixtures.ts';

test('every hostile file is refused with its code, and a good one loads after it', async ({
  lab,
}) => {
  const files = hostileFiles();
  const found = await lab.evaluate(
    async (names) => {
      const { load, listModels } = window.lab.pocketbit;
      const failures = [];
      for (const name of names)
        failures.push(await window.lab.failure(() => load(`../files/hostile/${name}.gguf`)));
      const loaded = await load('../files/random-tiny-1.gguf');
      return {
        failures,
        vocab: loaded.info.vocabSize,
        kept: (await listModels()).map(({ name }) => name),
      };
    },
    files.map(({ name }) => name),
  );
  for (const [i, { name, code, says }] of files.entries()) {
    expect.soft(found.failures[i]?.code, name).toBe(code);
    expect.soft(found.failures[i]?.message, name).toMatch(says);
  }
  expect(found.vocab).toBe(320);
  expect(found.kept).toContain('random-tiny-1.gguf');
});

test('a page where a model is expected', async ({ lab }) => {
  const failure = await lab.evaluate(() =>
    window.lab.failure(() => window.lab.pocketbit.load('./index.html')),
  );
  expect(failure?.code).toBe('bad-model');
});

test('an address without a file', async ({ lab }) => {
  const failure = await lab.evaluate(() =>
    window.lab.failure(() => window.lab.pocketbit.load('../files/none.gguf')),
  );
  expect(failure?.code).toBe('network');
  expect(failure?.message).toContain('404');
});

for (const { name, code } of hostileFiles().filter((file) =>
  ['truncated', 'web-page', 'missing-tensor', 'unknown-type'].includes(file.name),
)) {
  test(`the assistant says what is wrong with a file: ${name}`, async ({ page, site }) => {
    await page.goto(`${site.url}?model=files/hostile/${name}.gguf`);
    const error = page.getByTestId('error');
    await expect(error).toHaveAttribute('data-code', code);
    await expect(page.getByTestId('status')).toHaveText('Not ready');
    await error.getByRole('button', { name: 'Use the built-in model' }).click();
    await untilReady(page);
    await expect(error).toHaveCount(0);
    expect(await ask(page, 'hello there')).not.toHaveLength(0);
  });
}
