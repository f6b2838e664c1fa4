import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures.ts';

/** What the page gives away, as far as it is looked at here. */
interface Result {
  readonly model: { readonly name: string };
  readonly reloadMs: number;
  readonly fromCache: boolean;
  readonly first: { readonly decode: number };
  readonly speed: { readonly decode: number; readonly promptTokens: number };
  readonly p50: number;
  readonly p95: number;
  readonly prefill: readonly [tokens: number, ms: number][];
  readonly decode: readonly [tokens: number, ms: number][];
  readonly kernels: { readonly tensors: readonly unknown[] } | null;
}

test('the bench page measures the bundled model and gives the result away', async ({
  page,
  site,
}) => {
  test.slow();
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) refused.push(message.text());
  });
  await page.goto(`${site.url}bench/`);
  await page.getByTestId('run').click();
  const shown = page.getByTestId('result');
  await expect(shown).toBeVisible({ timeout: 90_000 });
  await expect(shown.getByRole('img', { name: /^Milliseconds of a token against/ })).toBeVisible();
  await expect(shown.getByRole('region', { name: 'Kernels of the weights' })).toBeVisible();

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download JSON' }).click(),
  ]);
  const result = JSON.parse(await readFile(await download.path(), 'utf8')) as Result;
  expect(result.model.name).toMatch(/pocketbit/i);
  expect(result.speed.decode).toBeGreaterThan(result.first.decode / 10);
  expect(result.speed.promptTokens).toBeGreaterThan(64);
  expect(result.fromCache).toBe(false);
  expect(result.reloadMs).toBeGreaterThan(0);
  expect(result.kernels?.tensors.length).toBeGreaterThan(10);
  expect(result.p95).toBeGreaterThanOrEqual(result.p50);
  expect(result.prefill.map(([tokens]) => tokens).length).toBeGreaterThanOrEqual(5);
  for (const [, ms] of [...result.prefill, ...result.decode]) expect(ms).toBeGreaterThan(0);
  expect(result.prefill.at(-1)![1]).toBeGreaterThan(result.prefill[0]![1]);
  expect(refused).toEqual([]);
});

test('a file that is no model, and Stop, leave the page ready for the next run', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}bench/?model=../files/hostile/web-page.gguf`);
  await page.getByTestId('run').click();
  await expect(page.getByTestId('problem')).toBeVisible();
  await page.getByTestId('model').selectOption({ index: 0 });
  await page.getByTestId('run').click();
  await expect(page.getByTestId('problem')).toBeHidden();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByTestId('run')).toBeVisible();
  await expect(page.getByTestId('problem')).toBeHidden();
});
