import { expectedAnswer } from '../support/engine.ts';
import { bundledModel } from '../support/paths.ts';
import { expect, test } from './fixtures.ts';

const QUESTION = 'Set a timer for 10 minutes';

test('a script tag and an element answer on a plain page', async ({ page, site }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${site.url}embed.html`);
  const chat = page.locator('pocketbit-chat');
  await chat.getByRole('textbox').fill(QUESTION);
  await chat.getByRole('textbox').press('Enter');
  const answer = chat.locator('[data-ids]');
  await expect(answer).toHaveAttribute(
    'data-ids',
    (await expectedAnswer(bundledModel, QUESTION)).join(','),
  );
  expect(errors).toEqual([]);
});

test('an element with a file that is no model says so and fires an event', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}embed.html`);
  const code = await page.evaluate(async () => {
    const chat = document.createElement('pocketbit-chat');
    chat.setAttribute('model', 'files/hostile/web-page.gguf');
    const failed = new Promise<string>((resolve) => {
      chat.addEventListener('pocketbit-error', (event) =>
        resolve((event as CustomEvent<{ code: string }>).detail.code),
      );
    });
    chat.setAttribute('autoload', '');
    document.body.append(chat);
    return failed;
  });
  expect(code).toBe('bad-model');
});
