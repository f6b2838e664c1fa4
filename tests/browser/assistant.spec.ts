// What only the assistant does: its buttons, what it keeps, and two tabs of it.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundledModel, tinyFolder } from '../support/paths.ts';
import { ask, untilOffline, untilReady } from './assistant.ts';
import { expect, test } from './fixtures.ts';

const QUESTION = 'Set a timer for 10 minutes';

test('the Stop button ends an answer, and the next one works', async ({ page, site }) => {
  // A large random model: it never ends by itself, and is slow enough to be stopped by hand.
  await page.goto(`${site.url}?model=files/random-125m-1.gguf`);
  await untilReady(page);
  await page.getByTestId('input').fill('abcd');
  await page.getByTestId('send').click();
  const answer = page.getByTestId('message-assistant');
  await expect(answer).toHaveAttribute('data-ids', /\d/);
  await page.getByTestId('stop').click();
  await expect(answer).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('stats')).toContainText('stopped');
  await page.getByTestId('input').fill('efgh');
  await expect(page.getByTestId('send')).toBeEnabled();
});

test('an action becomes a card, and what it kept is there after a reload', async ({
  page,
  site,
}) => {
  await page.goto(site.url);
  await untilReady(page);
  await ask(page, QUESTION);
  await ask(page, 'Add milk to the shopping list');
  await expect(page.getByTestId('card').first()).toHaveAttribute('data-kind', 'timer');
  await page.reload();
  await untilReady(page);
  await expect(page.getByTestId('card')).toHaveCount(2);
  await expect(page.getByTestId('kept').filter({ visible: true })).toContainText('milk');
});

test('the model card says what runs and where it is stored', async ({ page, site }) => {
  await page.goto(site.url);
  await untilOffline(page);
  await page.getByTestId('model-button').click();
  const card = page.getByTestId('model-card');
  await expect(card).toContainText(`${(statSync(bundledModel).size / 1e6).toFixed(1)} MB`);
  await expect(card).toContainText('IndexedDB');
  await expect(card).toContainText('Relaxed SIMD');
});

test('a stored model is checked, repaired, saved as the file it was, and deleted on a second word', async ({
  page,
  site,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await page.goto(`${site.url}lab/`);
  await page.waitForFunction(() => 'lab' in window);
  const source = `${site.url}tiny/tiny-tq2.gguf`;
  await page.evaluate(async (url) => {
    await window.lab.pocketbit.importModel(url);
    await window.lab.store.damageChunk(0);
  }, source);
  await page.goto(site.url);
  await untilReady(page);
  await page.getByTestId('model-button').click();
  const row = page.getByTestId('stored').getByRole('listitem').filter({ hasText: 'tiny-tq2' });
  const work = row.getByTestId('work');
  await row.getByRole('button', { name: 'Check' }).click();
  await expect(work).toHaveText('1 of 1 parts are damaged.');
  await row.getByRole('button', { name: 'Repair' }).click();
  await expect(work).toHaveText('One part was fetched again. The model is whole.');
  await row.getByRole('button', { name: 'Check' }).click();
  await expect(work).toHaveText('Every byte is as it was stored.');
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('button', { name: 'Save' }).click(),
  ]);
  expect(saved.suggestedFilename()).toBe('tiny-tq2.gguf');
  const original = readFileSync(join(tinyFolder, 'tiny-tq2.gguf'));
  expect(readFileSync(await saved.path()).equals(original)).toBe(true);
  await expect(work).toBeEmpty();
  page.once('dialog', (dialog) => dialog.dismiss());
  await row.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(1);
  page.once('dialog', (dialog) => dialog.accept());
  await row.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});
