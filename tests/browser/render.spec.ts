// What an answer may do to the page: nothing, however it is written.
import { ANSWER_CHARACTERS, answerOf, SHAPES } from '../support/answer-shapes.ts';
import { keepAnswer } from '../support/kept-chat.ts';
import { longestTask, untilStill } from '../support/long-tasks.ts';
import { ask, untilReady } from './assistant.ts';
import { expect, test } from './fixtures.ts';

/** Far below what a reader that looks back would take; the figure beside its target is a check of `show`'s. */
const TASK_MS = 500;

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`an answer kept from an earlier visit, ${name}: the page stays quick (fault 10)`, async ({
    browser,
    page,
    site,
  }) => {
    await keepAnswer(page, site, answerOf(shape));
    const longest = await longestTask(browser, page, async () => {
      await page.goto(site.url);
      await untilReady(page);
      expect(await untilStill(page)).toBeGreaterThan(ANSWER_CHARACTERS / 10);
    });
    expect(longest).toBeLessThan(TASK_MS);
    await page.getByTestId('input').fill('Set a timer for 10 minutes');
    await expect(page.getByTestId('send')).toBeEnabled();
  });
}

test('links in an answer open beside the app, which stays as it is (fault 25)', async ({
  page,
  context,
  site,
}) => {
  const target = `${site.url}embed/page.css`;
  await keepAnswer(
    page,
    site,
    [
      `[named](${target}) and <${target}?angle> and ${target}?bare`,
      `<a href="${target}?raw" target="_self">raw</a> ![image](${target}?image)`,
      '[script](javascript:alert(1)) [data](data:text/html,x) [file](file:///etc/passwd) [blob](blob:x) [here](./bench/)',
      `<form action="${target}"><button>go</button></form><map><area href="${target}"></map>`,
      `<svg><a href="${target}"><text>svg</text></a></svg><math href="${target}">m</math>`,
      '<p id="kept-sheet" name="body">clobber</p><input autofocus><base href="https://elsewhere.test/"><meta http-equiv="refresh" content="0;url=https://elsewhere.test/">',
    ].join('\n\n'),
  );
  await page.goto(site.url);
  await untilReady(page);
  const prose = page.getByTestId('prose');
  await expect(prose).toContainText('clobber');
  const links = prose.locator('a, area, [href], [xlink\\:href]');
  const found = await links.evaluateAll((all) =>
    all.map((link) => [
      link.getAttribute('target'),
      link.getAttribute('rel'),
      link.getAttribute('href'),
    ]),
  );
  expect(found.length).toBeGreaterThan(2);
  for (const [opened, rel, href] of found) {
    expect(opened).toBe('_blank');
    expect(rel).toContain('noopener');
    expect(rel).toContain('noreferrer');
    expect(href).toMatch(/^https?:/);
  }
  expect(
    await prose
      .locator(
        'form, input, button, svg, math, img, base, meta, [id], [name], [autofocus], [style]',
      )
      .count(),
  ).toBe(0);
  const address = page.url();
  for (const link of await prose.locator('a').all()) {
    const [opened] = await Promise.all([context.waitForEvent('page'), link.click()]);
    expect(await opened.evaluate(() => window.opener)).toBeNull();
    await opened.close();
  }
  expect(page.url()).toBe(address);
  await ask(page, 'Set a timer for 10 minutes');
});

/** What must never stand bare in a name: it reverses, hides, or makes two names look the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const TRICK = 'photo\u202efugg.\u2066\u200b\u0007\u061c\u3164gpj';

test('what reverses or hides in a name is shown as what it is (fault 26)', async ({
  page,
  site,
}) => {
  await keepAnswer(page, site, 'Yes.', `Title ${TRICK}`);
  await page.goto(site.url);
  await untilReady(page);
  await page.getByTestId('model-button').click();
  const chooser = page.getByTestId('file');
  const bytes = await (await fetch(`${site.url}tiny/tiny-tq2.gguf`)).arrayBuffer();
  await chooser.setInputFiles({ name: `${TRICK}.gguf`, mimeType: '', buffer: Buffer.from(bytes) });
  await untilReady(page);
  await page.getByTestId('model-button').click();
  await page.getByTestId('new-chat').click();
  await page.getByTestId('model-button').click();
  const sheet = page.getByTestId('model-sheet');
  await expect(sheet.getByTestId('chats')).toContainText('Title photo');
  await expect(sheet.getByTestId('stored')).toContainText('U+202E');
  const texts = await sheet.evaluate((element) => [
    ...[...element.querySelectorAll('p, h3, dd')].map(({ textContent }) => textContent ?? ''),
    ...[...element.querySelectorAll('[aria-label]')].map(
      (part) => part.getAttribute('aria-label')!,
    ),
  ]);
  for (const text of texts) expect(text.trim().replaceAll(/\s+/g, ' ')).not.toMatch(UNSEEN);
  expect(texts.filter((text) => text.includes('U+202E')).length).toBeGreaterThan(3);
  const [dialog] = await Promise.all([
    page.waitForEvent('dialog'),
    sheet
      .getByRole('button', { name: /^Delete pocketbit|^Delete photo/ })
      .first()
      .click({ noWaitAfter: true, timeout: 3000 })
      .catch(() => {}),
  ]);
  expect(dialog.message()).not.toMatch(UNSEEN);
  await dialog.dismiss();
});

/** Addresses that are none, and what else may stand where the app looks at its start. */
const STARTS = {
  'a host that ends in a bracket': '?model=http://[',
  'a port that is none': '?model=http://a:99999999/',
  'an escape that is none': '?model=%E0%A4%A',
  'a scheme alone': '?model=https://',
  nothing: '?model=',
  'a name with a colon': '?model=stored:%00%ff',
  'a path that is no UTF-8': '?model=models/%25E0%25A4%25A.gguf',
  'a script': '?model=javascript:alert(1)',
  'a fragment that is none': '#model=%E0%A4%A',
};

for (const [what, path] of Object.entries(STARTS)) {
  test(`${what} in the address does not stop the start (fault 11)`, async ({ page, site }) => {
    await page.goto(site.url + path);
    const error = page.getByTestId('error');
    await expect(
      error.or(page.getByTestId('status').filter({ hasText: /Ready|Works/ })),
    ).toBeVisible();
    if (await error.isVisible()) {
      await expect(error).toHaveAttribute('data-code', /^(network|offline|bad-model|storage)$/);
      await error.getByRole('button', { name: 'Use the built-in model' }).click();
    }
    await untilReady(page);
    await ask(page, 'Set a timer for 10 minutes');
  });
}

for (const [what, value] of Object.entries({
  'no address': 'http://[',
  'no text': { a: 1 },
  'a number': 7,
})) {
  test(`a remembered model that is ${what} does not stop the start (fault 11)`, async ({
    page,
    site,
  }) => {
    await page.goto(`${site.url}embed/page.css`);
    await page.evaluate(
      (model) =>
        new Promise<void>((resolve) => {
          const open = indexedDB.open('pocketbit-assistant');
          open.onupgradeneeded = () => open.result.createObjectStore('state');
          open.onsuccess = () => {
            const write = open.result.transaction('state', 'readwrite');
            write.objectStore('state').put(model, 'model');
            write.oncomplete = () => {
              open.result.close();
              resolve();
            };
          };
        }),
      value,
    );
    await page.goto(site.url);
    const error = page.getByTestId('error');
    await expect(
      error.or(page.getByTestId('status').filter({ hasText: /Ready|Works/ })),
    ).toBeVisible();
    if (await error.isVisible())
      await error.getByRole('button', { name: 'Use the built-in model' }).click();
    await untilReady(page);
  });
}
